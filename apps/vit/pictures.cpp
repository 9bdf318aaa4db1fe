#include "pictures.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "command.h"
#include "stopwatch.h"

namespace command {

namespace {

constexpr std::size_t largest_in_pipe = std::size_t{1} << 30;

bool is_pipe(const std::string &path) {
    std::error_code ignored;  // what cannot be asked about is not a pipe
    return std::filesystem::is_fifo(path, ignored);
}

// The library reads regular files alone: it never waits for somebody to write.
vit::Result<void> read_pipe(const std::string &path, const vit::ImageOptions &options,
                            vit::Preprocessor &preprocessor, float *pixels) {
    const File file(std::fopen(path.c_str(), "rb"));
    const auto fail = [&](const std::string &what) {
        return tl::unexpected(vit::Error{vit::ErrorCode::io, path + ": " + what});
    };
    if (!file) return fail(std::string("cannot be opened: ") + std::strerror(errno));
    std::string bytes;
    std::array<char, 1 << 16> part;
    while (const std::size_t length = std::fread(part.data(), 1, part.size(), file.get())) {
        bytes.append(part.data(), length);
        if (bytes.size() > largest_in_pipe) return fail("has more bytes than a picture needs");
    }
    if (std::ferror(file.get())) return fail(std::string("cannot be read: ") + std::strerror(errno));
    return preprocessor.decode(bytes.data(), bytes.size(), path, options, pixels);
}

// Threads that take the files in turn, each the next one as soon as it has done with its last, and a ring of
// places that their pictures wait in. The network's threads compute beside them on the same processors:
// while it waits for pictures these have all of them, and once the ring is full it has.
class PictureSource : public BatchSource {
public:
    PictureSource(const vit::Model &model, FileList files, const PictureOptions &options)
        : values_(values_per_item(model.architecture())),
          image_options_(cancelled_by(stopping_, options.image)), files_(std::move(files)),
          size_(files_.size()), longest_name_(files_.longest_name()) {
        const std::int64_t most = size_ ? std::max<std::int64_t>(*size_, 1) : options.threads;
        const int threads = static_cast<int>(std::min<std::int64_t>(options.threads, most));
        for (int i = 0; i < threads; i++) {
            preprocessors_.push_back(value_or_fail(vit::Preprocessor::create(model)));
        }
        places_.resize(2 * preprocessors_.size());
        try {
            for (vit::Preprocessor &preprocessor : preprocessors_) {
                threads_.emplace_back([this, &preprocessor] { work(preprocessor); });
            }
        } catch (const std::system_error &) {
            if (threads_.empty()) throw;  // with fewer it takes longer
        }
    }

    ~PictureSource() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        room_.notify_all();
        for (std::thread &thread : threads_) thread.join();
    }

    void fill(Batch &batch, int most) override {
        batch.items.clear();
        batch.pixels.resize(values_ * static_cast<std::size_t>(most));
        batch.count = 0;
        while (static_cast<int>(batch.items.size()) < most) {
            Place &place = places_[static_cast<std::size_t>(taken_) % places_.size()];
            {
                std::unique_lock lock(mutex_);
                filled_.wait(lock, [&] { return place.filled; });
            }
            if (place.exception) std::rethrow_exception(place.exception);
            if (place.last) return;
            if (place.item.error.empty()) {
                const std::size_t begin = values_ * static_cast<std::size_t>(batch.count++);
                std::copy_n(place.pixels.data(), values_, batch.pixels.data() + begin);
            }
            batch.items.push_back(std::move(place.item));
            {
                const std::lock_guard lock(mutex_);
                place.filled = false;
                taken_++;
            }
            room_.notify_one();
        }
    }

    std::optional<std::int64_t> size() const override { return size_; }
    std::size_t longest_name() const override { return longest_name_; }

private:
    static vit::ImageOptions cancelled_by(const std::atomic<bool> &flag, vit::ImageOptions options) {
        options.cancelled = &flag;
        return options;
    }

    struct Place {
        Item item;
        std::vector<float> pixels;
        bool last = false;             // there is no item, nor will there be
        std::exception_ptr exception;  // instead of an item
        bool filled = false;           // belongs to who takes it; else to the thread that fills it
    };

    // The place of the next file, which waits until there is one; null if nothing is left to do.
    Place *begin(std::optional<NamedFile> &file) {
        const std::lock_guard turn(turn_);
        {
            std::unique_lock lock(mutex_);
            const auto places = static_cast<std::int64_t>(places_.size());
            room_.wait(lock, [&] { return stopping_ || ended_ || begun_ < taken_ + places; });
            if (stopping_ || ended_) return nullptr;
        }
        Place &place = places_[static_cast<std::size_t>(begun_++) % places_.size()];
        try {
            file = files_.next();  // may wait for whoever writes the list of names
        } catch (...) {
            place.exception = std::current_exception();
        }
        place.last = !file;
        ended_ = !file;
        return &place;
    }

    void work(vit::Preprocessor &preprocessor) {
        for (;;) {
            std::optional<NamedFile> file;
            Place *place = begin(file);
            if (!place) return;
            if (file) {
                try {
                    read(preprocessor, std::move(*file), *place);
                } catch (...) {
                    place->exception = std::current_exception();
                }
            }
            {
                const std::lock_guard lock(mutex_);
                place->filled = true;
            }
            filled_.notify_one();
        }
    }

    void read(vit::Preprocessor &preprocessor, NamedFile file, Place &place) const {
        const Stopwatch stopwatch;
        place.item = {std::move(file.path), std::move(file.error), 0};
        const std::string &path = place.item.file;
        if (place.item.error.empty()) {
            place.pixels.resize(values_);
            float *const pixels = place.pixels.data();
            const auto done = is_pipe(path) ? read_pipe(path, image_options_, preprocessor, pixels)
                                            : preprocessor.read(path, image_options_, pixels);
            if (!done) place.item.error = done.error().message;
        }
        place.item.milliseconds = stopwatch.milliseconds();
    }

    const std::size_t values_;
    const vit::ImageOptions image_options_;
    std::mutex turn_;  // of who takes the next file: it comes before mutex_, and may be held for long
    FileList files_;
    std::int64_t begun_ = 0;  // files, since the beginning; file i is in places_[i % places_.size()]
    const std::optional<std::int64_t> size_;
    const std::size_t longest_name_;
    std::vector<vit::Preprocessor> preprocessors_;
    std::vector<Place> places_;
    std::mutex mutex_;
    std::condition_variable room_, filled_;
    std::int64_t taken_ = 0;
    std::atomic<bool> stopping_ = false;  // set under the lock; decoders see it, too
    bool ended_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<BatchSource> picture_source(const vit::Model &model, FileList files,
                                            const PictureOptions &options) {
    return std::make_unique<PictureSource>(model, std::move(files), options);
}

}  // namespace command
