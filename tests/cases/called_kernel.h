// A kernel from anywhere, compiled in process or ahead of time, as a function of what its generator
// declares.
#pragma once

#include <functional>
#include <utility>

#include "runtime/backend/kernel.h"

namespace vit {

class CalledKernel {
public:
    using Call = std::function<int(const KernelArguments &)>;
    explicit CalledKernel(Call call) : call_(std::move(call)) {}

    // With this context in every call.
    CalledKernel(const Kernel &kernel, const void *context)
        : call_([=](const KernelArguments &arguments) { return kernel.call(arguments.with(context)); }) {}

    // What Halide returned.
    template<typename... Arguments>
    int operator()(Arguments &&...arguments) const {
        return Kernel::pack(nullptr, call_, Kernel::value_of(arguments)...);
    }

    int call(const KernelArguments &arguments) const { return call_(arguments); }

private:
    Call call_;
};

// visit(halide_buffer_t *) for every buffer among the arguments.
template<typename Visit>
void for_each_buffer(const KernelArguments &arguments, Visit visit) {
    for (int i = 1; i < arguments.count; i++) {
        if (arguments.types[i].code == halide_type_handle) {
            visit(static_cast<halide_buffer_t *>(arguments.slots[i]));
        }
    }
}

}  // namespace vit
