#include "picture/rgb.h"

#include <cstring>
#include <vector>

#include "picture/image.h"

namespace vit {

namespace {

// round(alpha sample + (1 - alpha) white) in 255ths. Pillow's fixed-point arithmetic gives the same for all
// 65536 pairs.
std::uint8_t over_white(int sample, int alpha) {
    return static_cast<std::uint8_t>((2 * (sample * alpha + 255 * (255 - alpha)) + 255) / 510);
}

}  // namespace

void row_to_rgb(const std::uint8_t *row, int width, int channels, Alpha alpha, std::uint8_t *rgb) {
    const bool color = channels >= 3, has_alpha = channels % 2 == 0;
    if (color && !has_alpha) {
        std::memcpy(rgb, row, std::size_t{3} * width);
        return;
    }
    const bool blend = has_alpha && alpha == Alpha::over_white;
    for (int x = 0; x < width; x++, row += channels, rgb += 3) {
        for (int c = 0; c < 3; c++) {
            const std::uint8_t sample = row[color ? c : 0];
            rgb[c] = blend ? over_white(sample, row[channels - 1]) : sample;
        }
    }
}

void row_to_rgb(const ImageView &view, int y, Alpha alpha, std::uint8_t *rgb) {
    const std::uint8_t *pixel = view.data + y * view.row_stride;
    const bool color = view.channels >= 3, bgr = view.order == ChannelOrder::bgr && color;
    if (!bgr && view.channel_stride == 1 && view.pixel_stride == view.channels) {
        row_to_rgb(pixel, view.width, view.channels, alpha, rgb);
        return;
    }
    const std::ptrdiff_t step = color ? view.channel_stride : 0, last = view.channels - 1;
    const std::ptrdiff_t places[] = {bgr ? 2 * step : 0, step, bgr ? 0 : 2 * step};
    const bool blend = view.channels % 2 == 0 && alpha == Alpha::over_white;
    for (int x = 0; x < view.width; x++, pixel += view.pixel_stride, rgb += 3) {
        for (int c = 0; c < 3; c++) {
            const std::uint8_t sample = pixel[places[c]];
            rgb[c] = blend ? over_white(sample, pixel[last * view.channel_stride]) : sample;
        }
    }
}

Samples to_rgb(const ImageView &view, int orientation, Alpha alpha) {
    const bool transposed = orientation >= 5;
    const int width = transposed ? view.height : view.width, height = transposed ? view.width : view.height;
    Samples rgb = allocate_samples(width, height, 3);
    if (!rgb.data) {
        return rgb;
    }
    // Where a row of the file goes, and how far apart its pixels are there: x and y as they are held run to
    // the right or to the left, downwards or upwards.
    const bool x_back = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool y_back = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const std::ptrdiff_t right = 3, down = std::ptrdiff_t{3} * width;
    const std::ptrdiff_t x_step = (transposed ? down : right) * (x_back ? -1 : 1);
    const std::ptrdiff_t y_step = (transposed ? right : down) * (y_back ? -1 : 1);
    std::uint8_t *first = rgb.data.get();
    if (x_back) first -= x_step * (view.width - 1);
    if (y_back) first -= y_step * (view.height - 1);
    std::vector<std::uint8_t> row(x_step == right ? 0 : std::size_t{3} * view.width);
    for (int y = 0; y < view.height; y++, first += y_step) {
        if (x_step == right) {
            row_to_rgb(view, y, alpha, first);
            continue;
        }
        row_to_rgb(view, y, alpha, row.data());
        std::uint8_t *to = first;
        for (int x = 0; x < view.width; x++, to += x_step) {
            std::memcpy(to, &row[std::size_t{3} * x], 3);
        }
    }
    return rgb;
}

}  // namespace vit
