// The library's own kernels alone: for a machine that Halide does not run on.
#include <stdexcept>

#include "tests/support/stage.h"

namespace vit::test {

std::vector<Variant> in_process_defaults() {
    return {};
}

std::vector<Variant> tuning_corners(const std::string &) {
    return {};
}

std::vector<Variant> other_layouts() {
    return {};
}

CalledKernel compile(const Variant &, const KernelRow &row) {
    throw std::logic_error(row.name + ": nothing compiles in process here");
}

}  // namespace vit::test
