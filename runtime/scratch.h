// Memory that compiled stages ask for while they run, kept from call to call: what was allocated for the first image of a
// shape serves all later ones.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

namespace vit {

class Scratch {
public:
    // Blocks come `copies` at a time, one for each thread, so that which thread asks first decides nothing.
    explicit Scratch(int copies) : copies_(copies) {}
    ~Scratch();
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;

    void *allocate(std::size_t size);  // aligned to 128 bytes; null if there is no memory
    void release(void *block);

private:
    struct Block {
        void *data;
        std::size_t size;
        bool used;
    };
    int copies_;
    std::mutex mutex_;
    std::vector<Block> blocks_;
};

}  // namespace vit
