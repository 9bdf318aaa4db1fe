// The rows of generators/kernels.cmake, for what compiles kernels in process.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace vit {

struct KernelRow {
    std::string name;       // "linear/fc1/gelu_erf"
    std::string generator;  // "linear"
    std::string tuned;      // key of its tuned values, or nothing
    std::map<std::string, std::string> params;  // of the generator, that make it this kernel
};

const std::vector<KernelRow> &kernel_list();

// Throws std::logic_error if there is none of this name.
const KernelRow &kernel_row(const std::string &name);

}  // namespace vit
