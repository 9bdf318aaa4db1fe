#include "apps/autotune/kernel.h"

#include <stdexcept>

#include "tests/cases/call_in_process.h"

namespace vit::autotune {

namespace {

using JitTask = int (*)(Halide::JITUserContext *, int, std::uint8_t *);

KernelContext &kernel_of(Halide::JITUserContext *context) {
    return static_cast<CallContext *>(context)->kernel();
}

// The pool's tasks take a void * where those of JIT-compiled code take a JITUserContext *.
struct Loop {
    JitTask task;
    Halide::JITUserContext *context;

    static int step(void *loop, int index, std::uint8_t *closure) {
        const Loop &l = *static_cast<Loop *>(loop);
        return l.task(l.context, index, closure);
    }
};

int on_do_par_for(Halide::JITUserContext *context, JitTask task, int min, int size, std::uint8_t *closure) {
    Loop loop{task, context};
    return kernel_of(context).pool().parallel_for(Loop::step, &loop, min, size, closure);
}

void *on_malloc(Halide::JITUserContext *context, std::size_t size) {
    return kernel_of(context).scratch().allocate(size);
}

void on_free(Halide::JITUserContext *context, void *block) { kernel_of(context).scratch().release(block); }

}  // namespace

CalledKernel called(const Halide::Callable &compiled, Halide::JITUserContext *context) {
    return CalledKernel([=](const KernelArguments &arguments) {
        return call_in_process(compiled, context, arguments);
    });
}

CallContext::CallContext(int threads) : kernel_(threads) {
    handlers.custom_do_par_for = on_do_par_for;
    handlers.custom_malloc = on_malloc;
    handlers.custom_free = on_free;
}

std::unique_ptr<DeviceMirror> mirror_of(const Halide::Target &target) {
    const halide_device_interface_t *device = Halide::get_device_interface_for_device_api(
        Halide::get_default_device_api_for_target(target), target);
    if (!device) {
        throw std::runtime_error("there is no device for " + target.to_string());
    }
    return std::make_unique<DeviceMirror>(device, nullptr);
}

Halide::Callable compile(const Halide::Target &target, const std::string &generator,
                         const GeneratorParams &params) {
    Halide::Target released = target.with_feature(Halide::Target::NoBoundsQuery)
                                  .with_feature(Halide::Target::UserContext)
                                  .with_feature(Halide::Target::JIT);
    released.set_feature(Halide::Target::NoAsserts, !target.has_gpu_feature());
    return Halide::create_callable_from_generator(Halide::GeneratorContext(released), generator, params);
}

}  // namespace vit::autotune
