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
    Block *below;      // in the stack, or in the list of those apart
    Block *above;      // in that list
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
    const std::size_t used = stack.used;
    Block *const top = stack.top, *const last_apart = stack.last_apart;
    std::jmp_buf escape;
    if (setjmp(escape) == 0) {
        stack.escape = &escape;
        body(argument);
        stack.escape = outer;
        return true;
    }
    stack.escape = outer;
    stack.used = used;
    stack.top = top;
    while (stack.last_apart != last_apart) {
        release(stack.last_apart + 1);
    }
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
    Block *block = new (memory) Block{size, apart ? stack.last_apart : stack.top, nullptr, apart, false};
    if (apart) {
        if (block->below) block->below->above = block;
        stack.last_apart = block;
        stack.apart += size;
    } else {
        stack.top = block;
        stack.used += size;
    }
    const std::size_t held = stack.used + stack.apart;
    const bool caller = &stack == stacks_.data();
    if (caller && loops_ == 0) {
        around_ = std::max(around_, held);
    } else {
        stack.task = std::max(stack.task, caller ? held - outside_ : held);
    }
    return block + 1;
}

void Scratch::release(void *memory) {
    if (!memory) {
        return;
    }
    Stack &stack = stacks_[ThreadPool::thread_index()];
    Block *block = static_cast<Block *>(memory) - 1;
    if (block->apart) {
        stack.apart -= block->size;
        if (block->below) block->below->above = block->above;
        (block->above ? block->above->below : stack.last_apart) = block->below;
        std::free(block);
        return;
    }
    block->released = true;
    while (stack.top && stack.top->released) {
        stack.used -= stack.top->size;
        stack.top = stack.top->below;
    }
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
