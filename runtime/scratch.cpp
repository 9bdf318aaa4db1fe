#include "scratch.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace vit {

Scratch::~Scratch() {
    for (const Block &block : blocks_) {
        std::free(block.data);
    }
}

void *Scratch::allocate(std::size_t size) {
    size = std::max<std::size_t>(128, (size + 127) / 128 * 128);
    const std::lock_guard lock(mutex_);
    Block *best = nullptr;
    for (Block &block : blocks_) {
        if (!block.used && block.size >= size && (!best || block.size < best->size)) {
            best = &block;
        }
    }
    if (!best) {
        try {
            blocks_.reserve(blocks_.size() + copies_);
        } catch (const std::bad_alloc &) {
            return nullptr;
        }
        for (int i = 0; i < copies_; i++) {
            if (void *data = std::aligned_alloc(128, size)) {
                blocks_.push_back({data, size, false});
                best = &blocks_.back();
            }
        }
    }
    if (!best) {
        return nullptr;
    }
    best->used = true;
    return best->data;
}

void Scratch::release(void *block) {
    const std::lock_guard lock(mutex_);
    for (Block &candidate : blocks_) {
        if (candidate.data == block) {
            candidate.used = false;
            return;
        }
    }
}

}  // namespace vit
