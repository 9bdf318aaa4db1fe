// The table of compiled targets.
#pragma once

#include <string>
#include <vector>

#include "backend/device_api.h"
#include "error.h"
#include "backend/kernel.h"

namespace vit {

struct Backend {
    const char *name;  // as users name it
    const KernelTable *kernels;
    const char *tuned;            // BackendInfo::tuned
    const DeviceApi *device_api;  // null: the processor computes
    DeviceNeeds device;           // of device_api

    // Halide's target string, with `host` resolved where it was compiled.
    const char *target() const { return kernels->rows[0].metadata().target; }
    // A kernel by its name in generators/kernels.cmake. Errors: backend, if it was not compiled.
    Result<Kernel> kernel(const std::string &kernel_name) const;
    bool has_kernel(const std::string &kernel_name) const { return kernels->find(kernel_name); }
};

// In the order of preference (generated from VIT_TARGETS, runtime/backend/backend_table.cpp.in).
const std::vector<Backend> &backend_table();

// The first backend that can run here, or the named one. Errors: backend.
Result<const Backend *> choose_backend(const std::string &name);

// The target string without the words that say how, not for what, it was compiled:
// x86-64-linux-avx-avx2-f16c-fma-sse41.
std::string target_machine(const Backend &backend);

BackendInfo describe(const Backend &backend);

}  // namespace vit
