#include "picture/tiff_pixels.h"

#include <algorithm>

namespace vit {

namespace {

std::uint8_t clipped(int value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

// Pillow divides so, without rounding.
void divide_by_alpha(std::uint8_t *pixel, int colors) {
    const int alpha = pixel[colors];
    for (int c = 0; c < colors; c++) {
        pixel[c] = alpha == 0 ? 0 : clipped(255 * pixel[c] / alpha);
    }
}

// Pillow's conversion, which knows nothing of inks: 255 - K less C, M and Y of it, rounded.
void cmyk_to_rgb(const std::uint8_t *cmyk, std::uint8_t *rgb) {
    const int rest = 255 - cmyk[3];
    for (int c = 0; c < 3; c++) {
        const int product = cmyk[c] * rest + 128;
        rgb[c] = clipped(rest - (((product >> 8) + product) >> 8));
    }
}

// ITU-R BT.601 in 64ths, rounded as Pillow's tables are: those below zero by one too high.
void ycbcr_to_rgb(const std::uint8_t *ycbcr, std::uint8_t *rgb) {
    const auto scaled = [](double factor, int level) {
        return static_cast<int>(factor * 64 * (level - 128) + 0.5);
    };
    const int y = ycbcr[0], cb = ycbcr[1], cr = ycbcr[2];
    rgb[0] = clipped(y + (scaled(1.402, cr) >> 6));
    rgb[1] = clipped(y + ((scaled(-0.34414, cb) + scaled(-0.71414, cr)) >> 6));
    rgb[2] = clipped(y + (scaled(1.772, cb) >> 6));
}

}  // namespace

int TiffLayout::color_samples() const {
    switch (color) {
    case TiffColor::grey:
    case TiffColor::palette:
        return 1;
    case TiffColor::cmyk:
        return 4;
    case TiffColor::rgb:
    case TiffColor::ycbcr:
        return 3;
    }
    return 1;
}

void expand_tiff_row(const TiffLayout &layout, int plane, const std::uint8_t *row, bool big_endian,
                     int width, int samples, std::uint8_t *to) {
    const int step = layout.kept(), count = samples == 1 ? 1 : step;
    const std::uint8_t inverted = layout.white_is_zero && plane == 0 ? 255 : 0;
    if (layout.bits >= 8) {
        const int bytes = layout.bits / 8;
        row += bytes == 2 && !big_endian ? 1 : 0;
        for (int x = 0; x < width; x++, row += bytes * samples, to += step) {
            to[0] = row[0] ^ inverted;
            for (int c = 1; c < count; c++) {
                to[c] = row[bytes * c];
            }
        }
        return;
    }
    const int most = (1 << layout.bits) - 1, scale = 255 / most;
    const int scale_of_first = layout.color == TiffColor::palette && plane == 0 ? 1 : scale;
    std::size_t at = 0;  // in bits
    for (int x = 0; x < width; x++, to += step) {
        for (int c = 0; c < samples; c++, at += std::size_t(layout.bits)) {
            const int value = row[at / 8] >> (8 - layout.bits - int(at % 8)) & most;
            if (c < count) {
                to[c] = static_cast<std::uint8_t>(value * (c == 0 ? scale_of_first : scale));
            }
        }
        to[0] ^= inverted;
    }
}

Samples finish_tiff(const TiffLayout &layout, Samples kept) {
    const std::int64_t pixels = std::int64_t{kept.width} * kept.height;
    const int colors = layout.color_samples(), from_step = kept.channels;
    if (layout.alpha == TiffAlpha::premultiplied) {
        for (std::int64_t i = 0; i < pixels; i++) {
            divide_by_alpha(kept.data.get() + i * from_step, colors);
        }
    }
    if (layout.color == TiffColor::grey || layout.color == TiffColor::rgb) {
        return kept;
    }
    const bool has_alpha = layout.alpha != TiffAlpha::none;
    Samples done = allocate_samples(kept.width, kept.height, has_alpha ? 4 : 3);
    if (!done.data) {
        return done;
    }
    const std::uint8_t *from = kept.data.get();
    std::uint8_t *to = done.data.get();
    for (std::int64_t i = 0; i < pixels; i++, from += from_step, to += done.channels) {
        if (layout.color == TiffColor::palette) {
            std::copy_n(&layout.colors[std::size_t{3} * from[0]], 3, to);
        } else if (layout.color == TiffColor::cmyk) {
            cmyk_to_rgb(from, to);
        } else {
            ycbcr_to_rgb(from, to);
        }
        if (has_alpha) {
            to[3] = from[colors];
        }
    }
    return done;
}

}  // namespace vit
