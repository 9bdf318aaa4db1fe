// Memory that compiled stages ask for while they run, kept from call to call: a session makes it as large as
// its passes need it before the first (KernelContext::rehearse).
#pragma once

#include <csetjmp>
#include <cstddef>
#include <vector>

namespace vit {

// A stack for each thread of a pool: nothing is locked, and nothing depends on which thread took which task.
class Scratch {
public:
    explicit Scratch(int threads) : stacks_(threads) {}
    ~Scratch();
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;

    // Calls body(argument), part of a stage, in which the calling thread may allocate. False if there was no
    // memory for it: the stages are compiled without a check of what they get, so the thread leaves body by
    // longjmp, and what body held is released. No frame that it leaves may have anything to destroy; those
    // of stages have not.
    bool run(void (*body)(void *argument), void *argument);

    // Leaves run() so, because a task that another thread ran had no memory. Does nothing outside of run().
    void give_up();

    // From the stack of the calling thread (ThreadPool::thread_index). Aligned to 128 bytes. Does not return
    // if there is no memory; null, where the thread is not in run().
    void *allocate(std::size_t size);
    // In any order; memory is used again once everything above it has been released, too.
    void release(void *block);

    // Around a parallel loop, called by the thread that starts it: what it holds then is not a task's. Loops
    // inside tasks do not count.
    void begin_loop();
    void end_loop();

    // Between two stages, when nothing is in use: makes every stack as large as any thread may need it for
    // the stages so far, whichever tasks it takes next time. False if there is no memory for that.
    bool settle();

    // Of all stacks, once they are settled.
    std::size_t bytes() const { return stacks_.size() * (around_ + task_); }
    // Writes to every page of a thread's stack, so that the system has them ready.
    void touch(int thread);

private:
    struct Block;  // what stands before the memory that is handed out

    struct Stack {
        char *data = nullptr;
        std::size_t capacity = 0;
        std::size_t used = 0;
        std::size_t apart = 0;           // bytes that did not fit and were allocated by themselves
        Block *top = nullptr;            // of both
        std::size_t task = 0;            // the most that a task of this thread held at a time
        std::jmp_buf *escape = nullptr;  // of the innermost run()
    };

    static void pop(Stack &stack);

    std::vector<Stack> stacks_;
    int loops_ = 0;             // that the calling thread is in
    std::size_t outside_ = 0;   // what it held when the outermost began
    std::size_t around_ = 0;    // the most that it held outside of loops
    std::size_t task_ = 0;      // the most that a task held, when last settled
};

}  // namespace vit
