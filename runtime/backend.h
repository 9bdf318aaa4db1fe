// The table of compiled targets.
#pragma once

#include <string>
#include <vector>

#include "error.h"
#include "kernels.h"

namespace vit {

struct Backend {
    const char *name;              // as users name it
    const char *target;            // Halide's target string
    std::string (*unsupported)();  // empty if it can run on this machine, else why it can't
    const Kernels *kernels;
};

// In the order of preference (generated from VIT_TARGETS, runtime/backend_table.cpp.in).
const std::vector<Backend> &backend_table();

// The first backend that can run here, or the named one. Errors: backend.
Result<const Backend *> choose_backend(const std::string &name);

BackendInfo describe(const Backend &backend);

}  // namespace vit
