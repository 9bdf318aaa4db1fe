// To be compiled without contraction of a * b + c into one operation: Pillow's x86 builds round in between,
// too.
#include "preprocess/resample.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace vit {

namespace {

// Filters as functions of the distance from the centre, in source samples times the shrinking factor, with
// the distance at which they end. The order of operations is Pillow's: weights are rounded to 22 bits
// afterwards, and a different last bit of a double could be seen there.
double sinc(double x) {
    if (x == 0.0) {
        return 1.0;
    }
    x *= std::numbers::pi;
    return std::sin(x) / x;
}

double lanczos(double x) {
    return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
}

double bilinear(double x) {
    x = std::fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

// Keys' cubic convolution with a = -1/2.
double bicubic(double x) {
    constexpr double a = -0.5;
    x = std::fabs(x);
    if (x < 1.0) {
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    }
    return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

double box(double x) {
    return -0.5 < x && x <= 0.5 ? 1.0 : 0.0;
}

// The window's constants are single precision in Pillow.
double hamming(double x) {
    x = std::fabs(x);
    if (x == 0.0) {
        return 1.0;
    }
    if (x >= 1.0) {
        return 0.0;
    }
    x *= std::numbers::pi;
    return std::sin(x) / x * (0.54f + 0.46f * std::cos(x));
}

struct Kernel {
    double (*value)(double);
    double support;
};

Kernel kernel_of(Filter filter) {
    switch (filter) {
    case Filter::lanczos:
        return {lanczos, 3.0};
    case Filter::bicubic:
        return {bicubic, 2.0};
    case Filter::box:
        return {box, 0.5};
    case Filter::hamming:
        return {hamming, 1.0};
    case Filter::bilinear:
    case Filter::nearest:  // never asked for: nearest_table
        break;
    }
    return {bilinear, 1.0};
}

std::int32_t fixed_point(double weight) {
    constexpr double one = 1 << ResampleTable::precision;
    return static_cast<std::int32_t>(weight < 0 ? -0.5 + weight * one : 0.5 + weight * one);
}

ResampleTable empty_table(int count, int taps) {
    ResampleTable table;
    table.taps = taps;
    table.first.assign(count, 0);
    table.weights.assign(static_cast<std::size_t>(count) * taps, 0);
    return table;
}

// A source position is summed up step by step, as Pillow does it, rounding and all.
ResampleTable nearest_table(int input, int output, int begin, int count) {
    ResampleTable table = empty_table(count, 1);
    const double scale = input == output ? 1.0 : static_cast<double>(static_cast<float>(input)) / output;
    double position = scale * 0.5;
    const int end = std::min<std::int64_t>(output, std::int64_t{begin} + count);
    for (int i = 0; i < end; i++, position += scale) {
        const int source = static_cast<int>(position);
        if (i >= begin && source < input) {
            table.first[i - begin] = source;
            table.weights[i - begin] = 1 << ResampleTable::precision;
        }
    }
    return table;
}

struct Span {
    double center;
    int first, count;
};

}  // namespace

Result<ResampleTable> resample_table(Filter filter, int input, int output, int begin, int count) {
    if (filter == Filter::nearest || input == output) {
        return nearest_table(input, output, begin, count);
    }
    const Kernel kernel = kernel_of(filter);
    const double scale = static_cast<double>(static_cast<float>(input)) / output;
    const double shrink = std::max(scale, 1.0);
    const double support = kernel.support * shrink;
    const double inverse_shrink = 1.0 / shrink;

    // The cast cuts towards zero, so what would begin at -0.9 begins at 0 in any case.
    const auto span = [&](int i) {
        const double center = (i + 0.5) * scale;
        const int first = std::max(static_cast<int>(center - support + 0.5), 0);
        const int last = std::min(static_cast<int>(center + support + 0.5), input);
        return Span{center, first, last - first};
    };
    const int from = std::max(begin, 0);
    const int to = static_cast<int>(std::min<std::int64_t>(output, std::int64_t{begin} + count));
    int taps = 1;
    for (int i = from; i < to; i++) {
        taps = std::max(taps, span(i).count);
    }

    if (std::int64_t{count} * taps > ResampleTable::most_weights) {
        return fail(ErrorCode::unsupported, std::to_string(input) + " samples resized to " +
                                                std::to_string(output) + " in a crop of " +
                                                std::to_string(count) + " take a table of more than " +
                                                std::to_string(ResampleTable::most_weights) + " weights");
    }
    ResampleTable table = empty_table(count, taps);
    std::vector<double> values(taps);
    for (int i = from; i < to; i++) {
        const auto [center, first, n] = span(i);
        double sum = 0.0;
        for (int k = 0; k < n; k++) {
            values[k] = kernel.value((k + first - center + 0.5) * inverse_shrink);
            sum += values[k];
        }
        table.first[i - begin] = first;
        for (int k = 0; k < n; k++) {
            const double weight = sum != 0.0 ? values[k] / sum : values[k];
            table.weights[static_cast<std::size_t>(i - begin) * taps + k] = fixed_point(weight);
        }
    }
    return table;
}

}  // namespace vit
