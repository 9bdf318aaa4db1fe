// What the network takes at once, and where it comes from.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "npy.h"
#include "vit/vit.h"

namespace command {

// One picture of a batch, or what is there in its stead.
struct Item {
    std::string file;         // as the report names it
    std::string error;        // one sentence, if it could not be read; then it has no pixels in the batch
    double milliseconds = 0;  // to read, decode and preprocess it
};

struct Batch {
    std::vector<Item> items;    // in input order
    std::vector<float> pixels;  // [count, channels, image_height, image_width] of the items without an error
    int count = 0;
};

// Values that the network takes of one picture.
std::size_t values_per_item(const vit::Architecture &architecture);

class BatchSource {
public:
    virtual ~BatchSource() = default;
    // The next batch, at most `most` items; one without items is the end.
    virtual void fill(Batch &batch, int most) = 0;
    virtual std::optional<std::int64_t> size() const = 0;  // items in all, if known
    virtual std::size_t longest_name() const = 0;          // in columns, of those that are known
};

// The items of an array file [b, channels, height, width] or [channels, height, width], preprocessed
// already. Throws Failure unless its shape is the model's.
std::unique_ptr<BatchSource> array_source(const vit::Architecture &architecture, const std::string &path);

// Fills one batch ahead of its user, in a thread of its own.
class Prefetch {
public:
    Prefetch(BatchSource &source, int most);
    ~Prefetch();

    // The next batch, valid until the next call; one without items is the end, and the last to ask for.
    // Throws what the source threw.
    const Batch &next();

private:
    void run();

    BatchSource &source_;
    const int most_;
    Batch batches_[2];
    std::mutex mutex_;
    std::condition_variable changed_;
    // Batches filled and given out, since the beginning. Batch i is batches_[i % 2], where batch i - 2 was:
    // it may be filled once batch i - 1 has been given out, for then the user has done with batch i - 2.
    std::int64_t filled_ = 0, given_ = 0;
    bool stopping_ = false;
    std::exception_ptr error_;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace command
