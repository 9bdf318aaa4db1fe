// Memory that compiled stages ask for while they run, kept from call to call: what was allocated for the
// first image of a shape serves all later ones.
#pragma once

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

    // From the stack of the calling thread (ThreadPool::thread_index). Aligned to 128 bytes; null if there
    // is no memory.
    void *allocate(std::size_t size);
    // In any order; memory is used again once everything above it has been released, too.
    void release(void *block);

    // Around a parallel loop, called by the thread that starts it: what it holds then is not a task's. Loops
    // inside tasks do not count.
    void begin_loop();
    void end_loop();

    // Between two stages, when nothing is in use: makes every stack as large as any thread may need it for
    // the stages so far, whichever tasks it takes next time.
    void settle();

private:
    struct Block;  // what stands before the memory that is handed out

    struct Stack {
        char *data = nullptr;
        std::size_t capacity = 0;
        std::size_t used = 0;
        Block *top = nullptr;
        std::size_t apart = 0;  // bytes that did not fit and were allocated by themselves
        std::size_t task = 0;   // the most that a task of this thread held at a time
    };

    std::vector<Stack> stacks_;
    int loops_ = 0;             // that the calling thread is in
    std::size_t outside_ = 0;   // what it held when the outermost began
    std::size_t around_ = 0;    // the most that it held outside of loops
};

}  // namespace vit
