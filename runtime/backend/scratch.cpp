#include "backend/scratch.h"

#include <algorithm>
#include <cstdlib>
#include <new>

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

void *Scratch::allocate(std::size_t size) {
    Stack &stack = stacks_[ThreadPool::thread_index()];
    size = sizeof(Block) + (size + alignment - 1) / alignment * alignment;
    const bool apart = size > stack.capacity - stack.used;
    void *memory = apart ? std::aligned_alloc(alignment, size) : stack.data + stack.used;
    if (!memory) {
        return nullptr;
    }
    Block *block = new (memory) Block{size, stack.top, apart, false};
    if (apart) {
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
void Scratch::settle() {
    std::size_t task = 0;
    for (const Stack &stack : stacks_) {
        task = std::max(task, stack.task);
    }
    for (Stack &stack : stacks_) {
        if (stack.capacity < around_ + task) {
            std::free(stack.data);
            stack.data = static_cast<char *>(std::aligned_alloc(alignment, around_ + task));
            stack.capacity = stack.data ? around_ + task : 0;
        }
    }
}

}  // namespace vit
