#include "picture/whole_picture.h"

#include <utility>

#include "picture/rgb.h"

namespace vit {

Result<std::int64_t> WholePicture::begin(int width, int height, int channels, bool) {
    samples_.width = width;
    samples_.height = height;
    samples_.channels = channels;
    // The samples, and what they become.
    return std::int64_t{width} * height * (channels + 3);
}

RowSink::Room WholePicture::room() {
    if (!samples_.data) {
        samples_ = allocate_samples(samples_.width, samples_.height, samples_.channels);
        if (!samples_.data) return {nullptr, 0};
    }
    const std::size_t row_size = std::size_t(samples_.width) * std::size_t(samples_.channels);
    return {samples_.data.get() + row_size * std::size_t(rows_taken_), samples_.height - rows_taken_};
}

Result<void> WholePicture::take(int count) {
    rows_taken_ += count;
    return {};
}

Result<void> WholePicture::take_all(Samples samples) {
    samples_ = std::move(samples);
    return {};
}

Samples WholePicture::rgb() && {
    if (samples_.channels == 3 && orientation == 1) {
        return std::move(samples_);
    }
    const int width = samples_.width, channels = samples_.channels;
    const ImageView view{samples_.data.get(), width, samples_.height, channels,
                         std::ptrdiff_t{width} * channels, ChannelOrder::rgb, channels, 1};
    return to_rgb(view, orientation, alpha);
}

}  // namespace vit
