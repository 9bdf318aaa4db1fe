// Candidates compiled in process and called as the product calls its stages: on the runtime's threads, with
// the runtime's scratch memory.
#pragma once

#include <memory>
#include <string>

#include "Halide.h"
#include "apps/autotune/candidates.h"
#include "apps/autotune/device_mirror.h"
#include "runtime/backend/kernel_context.h"
#include "tests/cases/called_kernel.h"

namespace vit::autotune {

// What JIT-compiled code finds behind its first argument.
class CallContext : public Halide::JITUserContext {
public:
    explicit CallContext(int threads);
    CallContext(const CallContext &) = delete;
    CallContext &operator=(const CallContext &) = delete;

    KernelContext &kernel() { return kernel_; }

private:
    KernelContext kernel_;
};

// The operands of a problem on the target's device. Throws std::runtime_error if it cannot be had.
std::unique_ptr<DeviceMirror> mirror_of(const Halide::Target &target);

// As a function; calls throw Halide::Error.
CalledKernel called(const Halide::Callable &compiled, Halide::JITUserContext *context);

// Compiles a generator as the library's stages are compiled (cmake/stages.cmake). Throws
// Halide::Error.
Halide::Callable compile(const Halide::Target &target, const std::string &generator,
                         const GeneratorParams &params);

}  // namespace vit::autotune
