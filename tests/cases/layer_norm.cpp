#include "tests/cases/layer_norm.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/cases/comparison.h"
#include "tests/cases/tolerance.h"
#include "tests/reference/layer_norm.h"

namespace vit::cases {

using namespace tolerance;

namespace {

// How far layer normalization in float32 may be from exact.
struct LayerNormError {
    double mean;  // absolute
    double rstd;  // relative

    // The mean is off by the error of a sum of the magnitudes, and by one division. A mean that is off by
    // delta adds delta^2 to the variance; its sum is of squares of differences (two roundings each). rstd's
    // relative error is half that of variance + epsilon, and that of a reciprocal square root.
    LayerNormError(const float *x, int channels, double epsilon, const reference::Normalized &exact) {
        double magnitude = 0;
        for (int c = 0; c < channels; c++) magnitude += std::abs(x[c]) / channels;
        mean = sum_error(channels) * magnitude + quotient_error * std::abs(exact.mean);
        const double denominator = exact.variance + epsilon;
        const double variance = (sum_error(channels) + 4 * unit) * exact.variance + mean * mean;
        rstd = variance / denominator / 2 + unit + quotient_error;
    }

    // Of (x - mean) rstd gamma + beta: the error of the difference, that of rstd, and a rounding for each
    // operation.
    double of(float x, float gamma, double epsilon, const reference::Normalized &exact, double y) const {
        const double scale = std::abs(gamma) / std::sqrt(exact.variance + epsilon);
        const double centred = std::abs(x - exact.mean);
        return scale * (mean + centred * (rstd + 3 * unit)) + unit * std::abs(y);
    }
};

std::size_t values_of(const LayerNormShape &s) {
    return static_cast<std::size_t>(s.batch) * s.tokens * s.channels;
}

}  // namespace

LayerNormCase::LayerNormCase(const LayerNormShape &shape, const Layout &blocks, float offset, float height,
                             float epsilon, Random &random, std::string kernel)
    : LayerNormCase(shape, blocks, random.uniforms(values_of(shape), offset - height, offset + height),
                    random.uniforms(shape.channels, -2, 2), random.uniforms(shape.channels, -1, 1), epsilon,
                    random, std::move(kernel)) {}

LayerNormCase::LayerNormCase(const LayerNormShape &shape, const Layout &blocks, std::vector<float> rows,
                             std::vector<float> gamma, std::vector<float> beta, float epsilon,
                             Random &random, std::string kernel)
    : x(blocks, shape.tokens, shape.channels, shape.batch),
      y(blocks, shape.tokens, shape.channels, FixedFormat::of(kernel, blocks) ? 0 : shape.batch),
      kernel_(std::move(kernel)), shape_(shape), rows_(std::move(rows)),
      gamma_(std::move(gamma)), beta_(std::move(beta)), epsilon_(epsilon),
      weights_(2 * static_cast<std::size_t>(x.padded_channels()), shape.layers),
      tokens_(random.sample(shape.tokens, shape.most_tokens)) {
    x.fill(rows_, garbage, 0);
    std::copy(gamma_.begin(), gamma_.end(), weights_.copy(0));
    std::copy(beta_.begin(), beta_.end(), weights_.copy(0) + x.padded_channels());
    weights_.repeat();
    if (const std::optional<FixedFormat> format = FixedFormat::of(kernel_, blocks)) {
        const int of_group = chunks_of_group(x.chunks, 1, format->most_of_norm, blocks);
        quantized.emplace(*format, blocks, shape.tokens, shape.channels, shape.batch, of_group,
                          x.chunks / of_group);
    }
}

int LayerNormCase::call(const CalledKernel &kernel, int copy) {
    FloatView<1> gamma(weights_.copy(copy), {x.padded_channels()}),
        beta(weights_.copy(copy) + x.padded_channels(), {x.padded_channels()});
    if (quantized) {
        return kernel(x.view(), gamma, beta, shape_.channels, epsilon_, quantized->chunks_of_group,
                      quantized->view());
    }
    return kernel(x.view(), gamma, beta, shape_.channels, epsilon_, y.view());
}

void LayerNormCase::reset() {
    (quantized ? quantized->values : y.values).set(NAN);
}

std::string LayerNormCase::judge() {
    const int width = shape_.channels;
    Comparison comparison("normalized");
    std::optional<QuantizedComparison> quantized_comparison;
    if (quantized) quantized_comparison.emplace(*quantized);
    for (int b = 0; b < shape_.batch; b++) {
        for (const int t : tokens_) {
            const float *row = &rows_[(static_cast<std::size_t>(b) * shape_.tokens + t) * width];
            const auto exact = reference::layer_norm(row, gamma_.data(), beta_.data(), width, epsilon_);
            const LayerNormError error(row, width, epsilon_, exact);
            std::vector<double> values = exact.y, tolerances;
            for (int c = 0; c < width; c++) {
                tolerances.push_back(error.of(row[c], gamma_[c], epsilon_, exact, exact.y[c]));
                if (!quantized) comparison.add({b, t, c}, values[c], y.at(b, t, c), tolerances[c]);
            }
            if (!quantized) continue;
            values.resize(quantized->padded_channels());  // pads are zero, where gamma and beta are
            tolerances.resize(quantized->padded_channels());
            const int channels = quantized->channels_of_group();
            for (int g = 0; g < quantized->groups; g++) {
                quantized_comparison->add(
                    b, t, g, {values.begin() + g * channels, values.begin() + (g + 1) * channels},
                    {tolerances.begin() + g * channels, tolerances.begin() + (g + 1) * channels});
            }
        }
    }
    if (quantized) {
        return first_of({quantized_comparison->text(), quantized->not_finite(), x.values.written_outside(),
                         quantized->values.written_outside(), weights_.written_outside()});
    }
    // Pads of channels are zero, where gamma and beta are.
    return first_of({comparison.text(), y.not_finite(), y.pads_not_zero(), x.values.written_outside(),
                     y.values.written_outside(), weights_.written_outside()});
}

Work LayerNormCase::work() const {
    const double values = static_cast<double>(values_of(shape_));
    const double of_y = quantized ? quantized->format.bytes : 4;
    return {7 * values, (4 + of_y) * values + 8.0 * shape_.channels};
}

}  // namespace vit::cases
