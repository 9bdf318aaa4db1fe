#include "backend/kernel_context.h"

#include "backend/halide_runtime.h"

namespace vit {

namespace {

KernelContext &of(void *user_context) {
    return *static_cast<KernelContext *>(user_context);
}

void on_error(void *user_context, const char *sentence) {
    user_context ? of(user_context).set_error(sentence) : halide_default_error(user_context, sentence);
}

void on_print(void *user_context, const char *text) {
    if (!user_context) {
        halide_default_print(user_context, text);
    }
}

void *on_malloc(void *user_context, std::size_t size) {
    return user_context ? of(user_context).scratch().allocate(size)
                        : halide_default_malloc(user_context, size);
}

void on_free(void *user_context, void *block) {
    user_context ? of(user_context).scratch().release(block) : halide_default_free(user_context, block);
}

// A parallel loop of a stage, and one of its tasks. Stages do not look at what their tasks return.
struct Loop {
    halide_task_t task;
    std::uint8_t *closure;
};

struct Task {
    const Loop &loop;
    void *user_context;
    int index;
    int code;
};

int run_task(void *user_context, int index, std::uint8_t *closure) {
    Task task{*reinterpret_cast<Loop *>(closure), user_context, index, 0};
    const auto body = [](void *argument) {
        Task &its = *static_cast<Task *>(argument);
        its.code = its.loop.task(its.user_context, its.index, its.loop.closure);
    };
    return of(user_context).scratch().run(body, &task) ? task.code : halide_error_code_out_of_memory;
}

int run_first_and_last(void *user_context, int min, int size, std::uint8_t *closure) {
    int code = size > 0 ? run_task(user_context, min, closure) : 0;
    if (size > 1 && code == 0) code = run_task(user_context, min + size - 1, closure);
    return code;
}

int on_do_par_for(void *user_context, halide_task_t task, int min, int size, std::uint8_t *closure) {
    if (!user_context) {
        return halide_default_do_par_for(user_context, task, min, size, closure);
    }
    KernelContext &context = of(user_context);
    Loop loop{task, closure};
    auto *const its = reinterpret_cast<std::uint8_t *>(&loop);
    int code = 0;
    if (context.is_rehearsing()) {
        context.scratch().begin_loop();
        code = run_first_and_last(user_context, min, size, its);
        context.scratch().end_loop();
    } else {
        code = context.parallel_for(run_task, user_context, min, size, its);
    }
    if (code == halide_error_code_out_of_memory) context.scratch().give_up();
    return code;
}

}  // namespace

void install_halide_handlers() {
    static std::once_flag once;
    std::call_once(once, [] {
        halide_set_error_handler(on_error);
        halide_set_custom_print(on_print);
        halide_set_custom_malloc(on_malloc);
        halide_set_custom_free(on_free);
        halide_set_custom_do_par_for(on_do_par_for);
    });
}

void KernelContext::set_error(const char *sentence) {
    const std::lock_guard lock(mutex_);
    if (error_.empty()) {
        try {
            error_ = sentence;
        } catch (const std::bad_alloc &) {
        }
    }
}

int KernelContext::call(int (*stage)(void **), void **arguments) {
    struct Call {
        int (*stage)(void **);
        void **arguments;
        int code;
    } call{stage, arguments, 0};
    const auto body = [](void *argument) {
        Call &its = *static_cast<Call *>(argument);
        its.code = its.stage(its.arguments);
    };
    return scratch_.run(body, &call) ? call.code : halide_error_code_out_of_memory;
}

int KernelContext::parallel_for(ThreadPool::Task task, void *context, int min, int size,
                                std::uint8_t *closure) {
    scratch_.begin_loop();
    const int code = pool_.parallel_for(task, context, min, size, closure);
    scratch_.end_loop();
    return code;
}

int KernelContext::parallel_for_loops(ThreadPool::Task task, void *context, int min, int size,
                                      std::uint8_t *closure) {
    scratch_.begin_loop();
    const int code = pool_.parallel_for_loops(task, context, min, size, closure);
    scratch_.end_loop();
    return scratch_.settle() ? code : halide_error_code_out_of_memory;
}

// OpenCL's drivers may find memory that they have given only when it is first used: a copy fails then, or a
// stage, and Halide says these names.
static bool is_of_device_memory(const std::string &sentence) {
    for (const char *name : {"CL_MEM_OBJECT_ALLOCATION_FAILURE", "CUDA_ERROR_OUT_OF_MEMORY"}) {
        if (sentence.find(name) != std::string::npos) return true;
    }
    return false;
}

Result<void> KernelContext::check(const char *stage, int code) {
    if (!ThreadPool::inside_loop() && !scratch_.settle()) {
        return out_of_memory();
    }
    if (code == 0) {
        return {};
    }
    const std::lock_guard lock(mutex_);
    std::string sentence = std::string("stage ") + stage + " failed (" + std::to_string(code) + ")";
    if (!error_.empty()) {
        sentence += ": " + error_;
        error_.clear();
    }
    if (is_of_device_memory(sentence)) {
        return fail(ErrorCode::memory, "no memory is left on the device: " + sentence);
    }
    return fail(code == halide_error_code_out_of_memory ? ErrorCode::memory : ErrorCode::kernel, sentence);
}

}  // namespace vit
