#include "picture/yuv.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace vit {

namespace {

enum Matrix { identity = 0, bt709 = 1, unspecified = 2, fcc = 4, bt470bg = 5, bt601 = 6, smpte240 = 7,
              bt2020 = 9, by_primaries = 12 };

std::uint8_t clipped(int value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

// The number of a matrix that stands for itself, or -1.
int matrix_of(const YuvPicture &picture) {
    switch (picture.matrix) {
    case by_primaries:
        switch (picture.primaries) {
        case 1:
        case 2:
            return bt709;
        case 5:
        case 6:
            return bt601;
        case 9:
            return bt2020;
        }
        return -1;
    case unspecified:
    case bt470bg:
        return bt601;
    case identity:
        if (!picture.u.data) return bt601;
        return picture.halved_x || picture.halved_y ? -1 : identity;
    case bt709:
    case fcc:
    case bt601:
    case smpte240:
    case bt2020:
        return picture.matrix;
    }
    return -1;
}

// Factors in 64ths, of luma in 65536ths of a 257th more.
struct Factors {
    int y, y_bias, u_to_b, u_to_g, v_to_g, v_to_r;
};

Factors factors_of(int matrix, bool full_range) {
    double red = 0.299, blue = 0.114;  // shares of luma
    if (matrix == bt709) red = 0.2126, blue = 0.0722;
    if (matrix == bt2020) red = 0.2627, blue = 0.0593;
    if (matrix == fcc) red = 0.30, blue = 0.11;
    if (matrix == smpte240) red = 0.212, blue = 0.087;
    const double scale = 64 * (full_range ? 1 : 255.0 / 224), green = 1 - red - blue;
    const auto rounded = [](double value) { return static_cast<int>(std::lround(value)); };
    Factors factors{};
    // 219 levels to 255 are 1.164 times as many there, but of BT.2020 1.164384.
    factors.y = full_range ? 16320 : matrix == bt2020 ? 19003 : 18997;
    factors.y_bias = full_range ? 32 : -1160;  // a half, and 16 levels
    factors.u_to_b = rounded(2 * (1 - blue) * scale);
    if (matrix == bt601 || matrix == bt709 || matrix == bt2020) {
        factors.u_to_b = std::min(factors.u_to_b, 128);  // more was too much for libyuv's bytes
    }
    factors.u_to_g = rounded(2 * blue * (1 - blue) / green * scale);
    factors.v_to_g = rounded(2 * red * (1 - red) / green * scale);
    factors.v_to_r = rounded(2 * (1 - red) * scale);
    return factors;
}

int scaled_luma(const Factors &factors, int y) {
    return (y * 257 * factors.y >> 16) + factors.y_bias;
}

// A row as samples of 8 bits.
void load_row(const YuvPlane &plane, int row, int width, std::uint8_t *to) {
    const std::uint8_t *from = plane.data + row * plane.stride;
    if (plane.bits <= 8) {
        for (int x = 0; x < width; x++) {
            to[x] = from[std::ptrdiff_t{x} * plane.step];
        }
        return;
    }
    for (int x = 0; x < width; x++) {
        std::uint16_t sample = 0;
        std::memcpy(&sample, from + std::ptrdiff_t{2} * x * plane.step, 2);
        to[x] = clipped(sample >> (plane.bits - 8));
    }
}

// A row of colour at full width. A sample lies between two pixels, so that a pixel is 3/4 of the nearer and
// 1/4 of the other: both ways of what is halved both ways. The last column takes the nearer alone.
class ColorRow {
public:
    ColorRow(const YuvPicture &picture, const YuvPlane &plane)
        : plane_(plane), width_(picture.width), halved_x_(picture.halved_x), halved_y_(picture.halved_y),
          columns_(picture.halved_x ? (picture.width + 1) / 2 : picture.width),
          rows_(picture.halved_y ? (picture.height + 1) / 2 : picture.height), near_(std::size_t(columns_)),
          far_(std::size_t(columns_)), row_(std::size_t(width_)) {}

    const std::uint8_t *load(int y) {
        if (!halved_x_) {
            load_row(plane_, halved_y_ ? y / 2 : y, width_, row_.data());
            return row_.data();
        }
        const int near = halved_y_ ? y / 2 : y, far = halved_y_ ? y % 2 ? near + 1 : near - 1 : near;
        load_row(plane_, near, columns_, near_.data());
        const bool one_row = far == near || far < 0 || far >= rows_;
        if (!one_row) {
            load_row(plane_, far, columns_, far_.data());
        }
        for (int x = 0; x < width_; x++) {
            const int i = x / 2, j = x % 2 ? i + 1 : i - 1;
            const bool edge = x == 0 || x == width_ - 1;
            const std::size_t a = std::size_t(i), b = std::size_t(edge ? i : j);
            const int value = one_row ? (3 * near_[a] + near_[b] + 2) >> 2
                              : edge  ? (3 * near_[a] + far_[a] + 2) >> 2
                                      : (9 * near_[a] + 3 * near_[b] + 3 * far_[a] + far_[b] + 8) >> 4;
            row_[std::size_t(x)] = static_cast<std::uint8_t>(value);
        }
        return row_.data();
    }

private:
    const YuvPlane plane_;
    const int width_;
    const bool halved_x_, halved_y_;
    const int columns_, rows_;
    std::vector<std::uint8_t> near_, far_, row_;
};

void grey_row(const std::uint8_t *luma, bool full_range, int width, std::uint8_t *to) {
    for (int x = 0; x < width; x++) {
        to[x] = full_range ? luma[x] : clipped(((luma[x] - 16) * 510 + 219) / 438);
    }
}

// Of limited range the matrix of an identity leaves the range.
void identity_row(const std::uint8_t *y, const std::uint8_t *u, const std::uint8_t *v, bool full_range,
                  int width, int channels, std::uint8_t *to) {
    for (int x = 0; x < width; x++, to += channels) {
        grey_row(v + x, full_range, 1, to);
        grey_row(y + x, full_range, 1, to + 1);
        grey_row(u + x, full_range, 1, to + 2);
    }
}

void color_row(const Factors &factors, const std::uint8_t *luma, const std::uint8_t *us,
               const std::uint8_t *vs, int width, int channels, std::uint8_t *to) {
    for (int x = 0; x < width; x++, to += channels) {
        const int y = scaled_luma(factors, luma[x]), u = us[x] - 128, v = vs[x] - 128;
        to[0] = clipped((y + factors.v_to_r * v) >> 6);
        to[1] = clipped((y - factors.u_to_g * u - factors.v_to_g * v) >> 6);
        to[2] = clipped((y + factors.u_to_b * u) >> 6);
    }
}

void divide_by_alpha(std::uint8_t *pixels, int width) {
    for (int x = 0; x < width; x++, pixels += 4) {
        const std::uint32_t alpha = pixels[3];
        const std::uint32_t inverse = alpha == 0 ? 0 : alpha == 1 ? 0xffff : 0x10000 / alpha;
        for (int c = 0; c < 3; c++) {
            pixels[c] = static_cast<std::uint8_t>(std::min((pixels[c] * 257u * inverse) >> 16, 255u));
        }
    }
}

}  // namespace

bool yuv_is_supported(const YuvPicture &picture) {
    return matrix_of(picture) >= 0;
}

Samples yuv_to_samples(const YuvPicture &picture) {
    const int width = picture.width, matrix = matrix_of(picture);
    const bool color = picture.u.data, has_alpha = picture.alpha.data;
    Samples samples = allocate_samples(width, picture.height, has_alpha ? 4 : color ? 3 : 1);
    if (!samples.data) {
        return samples;
    }
    const int channels = samples.channels;
    const Factors factors = factors_of(matrix, picture.full_range);
    std::vector<std::uint8_t> luma(std::size_t(width), 0), alpha(std::size_t(width), 0);
    const std::vector<std::uint8_t> no_color(std::size_t(width), 128);
    ColorRow us(picture, picture.u), vs(picture, picture.v);
    std::uint8_t *to = samples.data.get();
    for (int y = 0; y < picture.height; y++, to += std::ptrdiff_t{width} * channels) {
        load_row(picture.y, y, width, luma.data());
        const std::uint8_t *u = color ? us.load(y) : no_color.data();
        const std::uint8_t *v = color ? vs.load(y) : no_color.data();
        if (channels == 1) {
            grey_row(luma.data(), picture.full_range, width, to);
        } else if (matrix == identity) {
            identity_row(luma.data(), u, v, picture.full_range, width, channels, to);
        } else {
            color_row(factors, luma.data(), u, v, width, channels, to);
        }
        if (has_alpha) {
            load_row(picture.alpha, y, width, alpha.data());
            for (int x = 0; x < width; x++) {
                to[4 * x + 3] = alpha[std::size_t(x)];
            }
            if (picture.premultiplied) {
                divide_by_alpha(to, width);
            }
        }
    }
    return samples;
}

}  // namespace vit
