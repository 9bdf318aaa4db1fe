#include "backend/scratch.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "backend/memory.h"
#include "backend/thread_pool.h"

namespace vit {

namespace {

constexpr std::size_t alignment = 128;  // a cache line and the one that is fetched with it

}  // namespace

struct alignas(alignment) Scratch::Block {
    std::size_t size;  // with this header
    Block *below;
    bool apart, released;
};

Scratch::~Scratch() {
    for (const Stack &stack : stacks_) {
        std::free(stack.data);
    }
}

bool Scratch::run(void (*body)(void *), void *argument) {
    Stack &stack = stacks_[ThreadPool::thread_index()];
    std::jmp_buf *const outer = stack.escape;
    Block *const top = stack.top;
    std::jmp_buf escape;
    if (setjmp(escape) == 0) {
        stack.escape = &escape;
        body(argument);
        stack.escape = outer;
        return true;
    }
    stack.escape = outer;
    while (stack.top != top) pop(stack);
    return false;
}

void Scratch::give_up() {
    if (std::jmp_buf *const escape = stacks_[ThreadPool::thread_index()].escape) std::longjmp(*escape, 1);
}

void *Scratch::allocate(std::size_t size) {
    Stack &stack = stacks_[ThreadPool::thread_index()];
    size = sizeof(Block) + (size + alignment - 1) / alignment * alignment;
    const bool apart = size > stack.capacity - stack.used;
    void *memory = apart ? std::aligned_alloc(alignment, size) : stack.data + stack.used;
    if (!memory) {
        give_up();
        return nullptr;
    }
    stack.top = new (memory) Block{size, stack.top, apart, false};
    (apart ? stack.apart : stack.used) += size;
    const std::size_t held = stack.used + stack.apart;
    const bool caller = &stack == stacks_.data();
    if (caller && loops_ == 0) {
        around_ = std::max(around_, held);
    } else {
        stack.task = std::max(stack.task, caller ? held - outside_ : held);
    }
    return stack.top + 1;
}

// Blocks apart stay, too, until everything above them has been released: what they take is what the stack
// has to have room for.
void Scratch::release(void *memory) {
    if (!memory) {
        return;
    }
    Stack &stack = stacks_[ThreadPool::thread_index()];
    (static_cast<Block *>(memory) - 1)->released = true;
    while (stack.top && stack.top->released) pop(stack);
}

void Scratch::pop(Stack &stack) {
    Block *const block = stack.top;
    stack.top = block->below;
    (block->apart ? stack.apart : stack.used) -= block->size;
    if (block->apart) std::free(block);
}

void Scratch::begin_loop() {
    if (ThreadPool::thread_index() == 0 && loops_++ == 0) {
        outside_ = stacks_[0].used + stacks_[0].apart;
    }
}

void Scratch::end_loop() {
    if (ThreadPool::thread_index() == 0) {
        loops_--;
    }
}

// Every task was run by some thread, and what surrounds the loops by the caller's: the sum of both needs is
// enough for any division of the tasks, and the same for all of them.
bool Scratch::settle() {
    for (const Stack &stack : stacks_) {
        task_ = std::max(task_, stack.task);
    }
    for (Stack &stack : stacks_) {
        if (stack.capacity < around_ + task_) {
            void *const larger = std::aligned_alloc(alignment, around_ + task_);
            if (!larger) return false;
            std::free(stack.data);
            stack.data = static_cast<char *>(larger);
            stack.capacity = around_ + task_;
        }
    }
    return true;
}

void Scratch::touch(int thread) {
    touch_pages(stacks_[thread].data, stacks_[thread].capacity);
}

}  // namespace vit
