// Pixels of a TIFF file: from rows as it holds them to samples of 8 bits.
#pragma once

#include <array>
#include <cstdint>

#include "picture/picture.h"

namespace vit {

enum class TiffColor { grey, palette, rgb, cmyk, ycbcr };
enum class TiffAlpha { none, plain, premultiplied };

// How the samples of a pixel are held.
struct TiffLayout {
    TiffColor color = TiffColor::grey;
    TiffAlpha alpha = TiffAlpha::none;  // the first sample behind the colours
    int bits = 8;                       // of a sample: 1, 2, 4, 8 or 16
    int samples = 1;                    // of a pixel; what is behind colours and alpha is skipped
    bool white_is_zero = false;         // of grey
    std::array<std::uint8_t, 3 * 256> colors{};  // of a palette

    int color_samples() const;
    int kept() const { return color_samples() + (alpha != TiffAlpha::none); }
};

// A row of `width` pixels, as a file holds it, to pixels of kept() samples of 8 bits: grey is scaled to
// 0..255, an index stays as it is, of 16 bits the high byte is taken. The row has `samples` samples a pixel,
// all of them or one; `plane` is the first of them, and `to` is where it goes in the first pixel.
// big_endian: the order of the bytes in samples of 16 bits.
void expand_tiff_row(const TiffLayout &layout, int plane, const std::uint8_t *row, bool big_endian,
                     int width, int samples, std::uint8_t *to);

// From pixels of kept() samples to grey, grey and alpha, RGB, or RGB and alpha; data is null without memory.
Samples finish_tiff(const TiffLayout &layout, Samples kept);

}  // namespace vit
