// Preprocessing by plain loops: Pillow 13's resize, a centred crop, normalization. Weights are in double up
// to the rounding to 22 bits that Pillow's results depend on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace vit::reference {

struct Picture {
    int width, height;
    std::vector<std::uint8_t> rgb;  // [y, x, c]

    Picture(int its_width, int its_height)
        : width(its_width), height(its_height), rgb(3 * width * height) {}
    std::uint8_t &at(int x, int y, int c) { return rgb[(y * width + x) * 3 + c]; }
    std::uint8_t at(int x, int y, int c) const { return rgb[(y * width + x) * 3 + c]; }
};

// Pillow's codes: 0 nearest, 1 lanczos, 2 bilinear, 3 bicubic, 4 box, 5 hamming.
inline double support(int filter) {
    const double supports[] = {0, 3, 1, 2, 0.5, 1};
    return supports[filter];
}

inline double value(int filter, double x) {
    const auto sinc = [](double t) { return t == 0 ? 1 : std::sin(M_PI * t) / (M_PI * t); };
    const double d = std::fabs(x);
    switch (filter) {
    case 1:
        return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    case 2:
        return d < 1 ? 1 - d : 0;
    case 3:
        return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? -0.5 * (((d - 5) * d + 8) * d - 4) : 0;
    case 4:
        return x > -0.5 && x <= 0.5 ? 1 : 0;
    default:
        return d < 1 ? sinc(d) * (0.54f + 0.46f * std::cos(M_PI * d)) : 0;
    }
}

// [i, input]: how much each input sample weighs in output sample i, in units of 2^-22.
inline std::vector<std::vector<std::int64_t>> weights(int filter, int input, int output) {
    std::vector<std::vector<std::int64_t>> table(output, std::vector<std::int64_t>(input));
    const double scale = static_cast<double>(input) / output, stretch = std::max(scale, 1.0);
    double position = scale / 2;
    for (int i = 0; i < output; i++, position += scale) {
        if (input == output) {
            table[i][i] = 1 << 22;
        } else if (filter == 0) {
            table[i][static_cast<int>(position)] = 1 << 22;
        } else {
            const double center = (i + 0.5) * scale, reach = support(filter) * stretch;
            const int begin = std::max(0.0, center - reach + 0.5);
            const int end = std::min<double>(input, center + reach + 0.5);
            double sum = 0;
            for (int k = begin; k < end; k++) {
                sum += value(filter, (k - center + 0.5) * (1 / stretch));
            }
            for (int k = begin; k < end; k++) {
                const double weight = value(filter, (k - center + 0.5) * (1 / stretch)) / sum * (1 << 22);
                table[i][k] = static_cast<std::int64_t>(weight + (weight < 0 ? -0.5 : 0.5));
            }
        }
    }
    return table;
}

inline std::uint8_t rounded(std::int64_t sum) {
    return static_cast<std::uint8_t>(std::clamp<std::int64_t>((sum + (1 << 21)) >> 22, 0, 255));
}

inline Picture resize_rows(const Picture &in, int filter, int width) {
    const auto table = weights(filter, in.width, width);
    std::vector<int> first(width), end(width);  // of the samples that weigh anything
    for (int x = 0; x < width; x++) {
        for (end[x] = in.width; end[x] > 0 && table[x][end[x] - 1] == 0;) end[x]--;
        while (first[x] < end[x] && table[x][first[x]] == 0) first[x]++;
    }
    Picture out(width, in.height);
    for (int y = 0; y < in.height; y++) {
        for (int x = 0; x < width; x++) {
            for (int c = 0; c < 3; c++) {
                std::int64_t sum = 0;
                for (int k = first[x]; k < end[x]; k++) {
                    sum += table[x][k] * in.at(k, y, c);
                }
                out.at(x, y, c) = rounded(sum);
            }
        }
    }
    return out;
}

inline Picture transposed(const Picture &in) {
    Picture out(in.height, in.width);
    for (int y = 0; y < in.height; y++) {
        for (int x = 0; x < in.width; x++) {
            for (int c = 0; c < 3; c++) {
                out.at(y, x, c) = in.at(x, y, c);
            }
        }
    }
    return out;
}

inline Picture resize_columns(const Picture &in, int filter, int height) {
    return transposed(resize_rows(transposed(in), filter, height));
}

inline bool columns_come_first(const Picture &in, int width, int height) {
    return in.height > height && in.height - height > 2 * (in.width - width);
}

inline Picture resize(const Picture &in, int filter, int width, int height) {
    return columns_come_first(in, width, height)
               ? resize_rows(resize_columns(in, filter, height), filter, width)
               : resize_columns(resize_rows(in, filter, width), filter, height);
}

inline Picture center_crop(const Picture &in, int width, int height) {
    const int left = static_cast<int>(std::floor((in.width - width) / 2.0));
    const int top = static_cast<int>(std::floor((in.height - height) / 2.0));
    Picture out(width, height);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            const bool inside = left + x >= 0 && left + x < in.width && top + y >= 0 && top + y < in.height;
            for (int c = 0; c < 3; c++) {
                out.at(x, y, c) = inside ? in.at(left + x, top + y, c) : 0;
            }
        }
    }
    return out;
}

// [c, y, x]. A product in double, kept as float32; then float32 arithmetic.
inline std::vector<float> normalize(const Picture &in, double scale, const double *mean, const double *std) {
    std::vector<float> out;
    for (int c = 0; c < 3; c++) {
        for (int y = 0; y < in.height; y++) {
            for (int x = 0; x < in.width; x++) {
                const float rescaled = static_cast<float>(in.at(x, y, c) * scale);
                out.push_back((rescaled - static_cast<float>(mean[c])) / static_cast<float>(std[c]));
            }
        }
    }
    return out;
}

}  // namespace vit::reference
