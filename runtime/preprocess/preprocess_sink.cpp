#include "preprocess/preprocess_sink.h"

#include <algorithm>
#include <new>
#include <utility>

#include "picture/rgb.h"

namespace vit {

namespace {

// Bytes before the first sample: a row that begins at a vector's boundary, libjpeg-turbo writes past the
// caches, to memory.
constexpr std::size_t unaligned = 1;

void mirror(std::uint8_t *rgb, int width) {
    for (int left = 0, right = width - 1; left < right; left++, right--) {
        std::swap_ranges(rgb + 3 * left, rgb + 3 * left + 3, rgb + 3 * right);
    }
}

}  // namespace

int PreprocessSink::rows_of_band(int channels) const {
    return std::min(vit::rows_of_band(context_, std::int64_t{width_} * channels), height_);
}

Result<std::int64_t> PreprocessSink::begin(int width, int height, int channels, bool at_once) {
    const bool transposed = orientation >= 5;
    VIT_TRY_ASSIGN(plan_, plan_for_(transposed ? height : width, transposed ? width : height));
    width_ = width;
    height_ = height;
    channels_ = channels;
    rows_in_band_ = rows_done_ = 0;
    // A row of a transposed picture has a pixel of every row that the first pass is to take.
    by_rows_ = !transposed && !plan_->columns_first && width >= PreprocessPlan::group;
    if (!by_rows_) {
        whole_.orientation = orientation;
        whole_.alpha = alpha;
        return whole_.begin(width, height, channels, at_once);
    }
    band_rows_ = at_once ? height : rows_of_band(channels);
    const bool to_rgb = channels != 3 || is_mirrored();
    return std::int64_t{width} * (std::int64_t{channels} * band_rows_ + (to_rgb ? 3 * rows_of_band(3) : 0));
}

RowSink::Room PreprocessSink::room() {
    if (!by_rows_) {
        return whole_.room();
    }
    const std::size_t row_size = std::size_t(width_) * std::size_t(channels_);
    try {
        const std::size_t size = unaligned + row_size * std::size_t(band_rows_);
        if (bands_.samples.size() < size) bands_.samples.resize(size);
    } catch (const std::bad_alloc &) {
        return {nullptr, 0};
    }
    return {bands_.samples.data() + unaligned + row_size * std::size_t(rows_in_band_),
            band_rows_ - rows_in_band_};
}

Result<void> PreprocessSink::take(int count) {
    if (!by_rows_) {
        return whole_.take(count);
    }
    rows_in_band_ += count;
    if (rows_in_band_ < band_rows_ && rows_done_ + rows_in_band_ < height_) {
        return {};
    }
    return first_pass(bands_.samples.data() + unaligned, std::exchange(rows_in_band_, 0));
}

Result<void> PreprocessSink::take_all(Samples samples) {
    VIT_TRY(begin(samples.width, samples.height, samples.channels, true));
    return by_rows_ ? first_pass(samples.data.get(), samples.height) : whole_.take_all(std::move(samples));
}

Result<void> PreprocessSink::first_pass(const std::uint8_t *samples, int count) {
    if (channels_ == 3 && !is_mirrored()) {
        return first_pass_of_rgb(samples, count);
    }
    const std::size_t row_size = std::size_t{3} * std::size_t(width_);
    const int most = std::min(count, rows_of_band(3));
    if (bands_.rgb.size() < row_size * std::size_t(most)) {
        bands_.rgb.resize(row_size * std::size_t(most));
    }
    for (int done = 0; done < count;) {
        const int rows = std::min(most, count - done);
        for (int i = 0; i < rows; i++, samples += std::size_t(width_) * std::size_t(channels_)) {
            std::uint8_t *const rgb = bands_.rgb.data() + row_size * std::size_t(i);
            row_to_rgb(samples, width_, channels_, alpha, rgb);
            if (is_mirrored()) mirror(rgb, width_);
        }
        VIT_TRY(first_pass_of_rgb(bands_.rgb.data(), rows));
        done += rows;
    }
    return {};
}

Result<void> PreprocessSink::first_pass_of_rgb(const std::uint8_t *rgb, int count) {
    std::ptrdiff_t stride = std::ptrdiff_t{3} * width_;
    int first = rows_done_;
    if (is_bottom_up()) {
        first = height_ - rows_done_ - count;
        rgb += stride * (count - 1);
        stride = -stride;
    }
    rows_done_ += count;
    return run_along_rows(kernels_, context_, *plan_, rgb, stride, first, count);
}

Result<void> PreprocessSink::finish(float *pixels) {
    if (by_rows_) {
        return run_along_columns(kernels_, context_, *plan_, pixels);
    }
    const Samples rgb = std::move(whole_).rgb();
    if (!rgb.data) {
        return fail(ErrorCode::memory, "preprocess: out of memory");
    }
    return run_preprocess(kernels_, context_, *plan_, {rgb.data.get(), rgb.width, rgb.height}, pixels);
}

}  // namespace vit
