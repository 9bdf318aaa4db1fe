#include "batches.h"

#include <algorithm>
#include <utility>

#include "command.h"
#include "stopwatch.h"
#include "text.h"

namespace command {

std::size_t values_per_item(const vit::Architecture &a) {
    return static_cast<std::size_t>(a.channels) * a.image_height * a.image_width;
}

namespace {

class ArraySource : public BatchSource {
public:
    ArraySource(const vit::Architecture &a, const std::string &path)
        : path_(path), values_(values_per_item(a)), reader_(path) {
        std::vector<std::int64_t> shape = reader_.shape();
        if (shape.size() == 3) shape.insert(shape.begin(), 1);
        const std::vector<std::int64_t> item_shape{a.channels, a.image_height, a.image_width};
        if (shape.size() != 4 || !std::equal(item_shape.begin(), item_shape.end(), shape.begin() + 1)) {
            std::string sizes;
            for (const std::int64_t size : reader_.shape()) {
                sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
            }
            throw Failure(path + ": is of shape [" + sizes + "], and the model takes [b, " +
                          std::to_string(a.channels) + ", " + std::to_string(a.image_height) + ", " +
                          std::to_string(a.image_width) + "]");
        }
        items_ = shape[0];
    }

    void fill(Batch &batch, int most) override {
        batch.items.clear();
        batch.count = static_cast<int>(std::min<std::int64_t>(most, items_ - position_));
        batch.pixels.resize(values_ * static_cast<std::size_t>(batch.count));
        const Stopwatch stopwatch;
        reader_.read(batch.pixels.data(), static_cast<std::int64_t>(batch.pixels.size()));
        const double each = stopwatch.milliseconds() / std::max(batch.count, 1);
        for (int i = 0; i < batch.count; i++) {
            batch.items.push_back({name(position_++), {}, each});
        }
    }

    std::optional<std::int64_t> size() const override { return items_; }
    std::size_t longest_name() const override { return columns(harmless(name(items_))); }

private:
    std::string name(std::int64_t i) const { return path_ + "[" + std::to_string(i) + "]"; }

    const std::string path_;
    const std::size_t values_;
    NpyReader reader_;
    std::int64_t items_ = 0, position_ = 0;
};

}  // namespace

std::unique_ptr<BatchSource> array_source(const vit::Architecture &architecture, const std::string &path) {
    return std::make_unique<ArraySource>(architecture, path);
}

Prefetch::Prefetch(BatchSource &source, int most)
    : source_(source), most_(most), thread_([this] { run(); }) {}

Prefetch::~Prefetch() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Prefetch::run() {
    for (std::int64_t i = 0;; i++) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return stopping_ || given_ >= i; });
            if (stopping_) return;
        }
        Batch &batch = batches_[i % 2];
        std::exception_ptr error;
        try {
            source_.fill(batch, most_);
        } catch (...) {
            error = std::current_exception();
        }
        const bool last = error || batch.items.empty();
        {
            const std::lock_guard lock(mutex_);
            error_ = error;
            filled_ = i + 1;
        }
        changed_.notify_all();
        if (last) return;
    }
}

const Batch &Prefetch::next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return filled_ > given_; });
    if (error_) std::rethrow_exception(error_);
    given_++;
    changed_.notify_all();
    return batches_[(given_ - 1) % 2];
}

}  // namespace command
