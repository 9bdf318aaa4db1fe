#include "tests/cases/linear.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "tests/cases/comparison.h"
#include "tests/cases/kernel_list.h"
#include "tests/cases/tolerance.h"
#include "tests/reference/linear.h"

namespace vit::cases {

using namespace tolerance;

namespace {

// Null for an epilogue that is none.
const KnownActivation *activation_of(const std::string &epilogue) {
    return epilogue == "none" || epilogue == "residual" ? nullptr : &known_activation(epilogue);
}

// A weight that half precision of either kind has: no more than 8 bits of mantissa, and none too small.
float rounded_to_half(float weight) {
    if (std::abs(weight) < 0x1p-14f) return 0;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(weight) & 0xffff0000u);
}

// The bits of such a one.
std::uint16_t half_of(float weight, const std::string &precision) {
    const auto bits = std::bit_cast<std::uint32_t>(weight);
    if (precision == "bf16" || weight == 0) return static_cast<std::uint16_t>(bits >> 16);
    const std::uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    return static_cast<std::uint16_t>(sign | (magnitude - (112u << 23)) >> 13);
}

std::string precision_of(const std::string &kernel) {
    const auto &params = kernel_row(kernel).params;
    const auto its = params.find("precision");
    return its == params.end() ? "f32" : its->second;
}

}  // namespace

LinearCase::LinearCase(const LinearShape &shape, const Layout &blocks, std::string kernel, Operands operands,
                       Random &random, bool in_place)
    : shape_(shape), kernel_(std::move(kernel)), epilogue_(kernel_row(kernel_).params.at("epilogue")),
      precision_(precision_of(kernel_)),
      activation_(activation_of(epilogue_)), sums_(activation_ && activation_->gated ? 2 : 1),
      operands_(operands), in_place_(in_place), x_(blocks, shape.tokens, shape.inputs, shape.batch),
      residual_(blocks, shape.tokens, shape.outputs, has_residual() ? shape.batch : 0),
      y_(blocks, shape.tokens, shape.outputs, shape.batch),
      panels_(blocks, x_.padded_channels(), sums_ * y_.padded_channels()),
      weights_(panels_.floats() + panels_.outputs(), shape.layers),
      images_(random.sample(shape.batch, shape.most_images)),
      tokens_(random.sample(shape.tokens, shape.most_tokens)),
      outputs_(random.sample(shape.outputs, shape.most_outputs)) {
    const std::size_t tokens = static_cast<std::size_t>(shape.batch) * shape.tokens,
                      weights = static_cast<std::size_t>(sums_) * shape.outputs * shape.inputs,
                      residuals = has_residual() ? tokens * shape.outputs : 0;
    if (operands == Operands::random) {
        // Products of about unit variance.
        const float weight = 1.7f / std::sqrt(static_cast<float>(shape.inputs));
        x_rows_ = random.uniforms(tokens * shape.inputs, -1.7f, 1.7f);
        weight_rows_ = random.uniforms(weights, -weight, weight);
        bias_ = random.uniforms(sums_ * shape.outputs, -1, 1);
        residual_rows_ = random.uniforms(residuals, -2, 2);
    } else {
        // Every product and every sum is an integer below 2^24.
        x_rows_ = random.integers(tokens * shape.inputs, -8, 8);
        weight_rows_ = random.integers(weights, -8, 8);
        bias_ = random.integers(sums_ * shape.outputs, -100, 100);
        residual_rows_ = random.integers(residuals, -1000, 1000);
    }
    if (is_half()) {
        for (float &weight : weight_rows_) weight = rounded_to_half(weight);
    }
    x_.fill(x_rows_, garbage, garbage);  // the weights of padded channels are zero
    residual_.fill(residual_rows_, garbage, 0);
    float *panels = weights_.copy(0), *bias = panels + panels_.floats();
    for (int sum = 0; sum < sums_; sum++) {
        for (int c = 0; c < shape.outputs; c++) {
            // Gates and values are in panels by turns.
            const int column = (c / blocks.panel * sums_ + sum) * blocks.panel + c % blocks.panel;
            for (int k = 0; k < shape.inputs; k++) {
                panels[panels_.offset(k, column)] = weight_rows_[row(sum, c) * shape.inputs + k];
            }
            bias[column] = bias_[row(sum, c)];
        }
    }
    if (is_half()) {
        auto *halves = reinterpret_cast<std::uint16_t *>(panels);
        for (std::size_t i = 0; i < panels_.floats(); i++) {
            const std::uint16_t half = half_of(panels[i], precision_);
            std::memcpy(halves + i, &half, sizeof half);  // before what is still to be read
        }
    }
    weights_.repeat();
}

BufferView<3> LinearCase::view_of_weights(const float *weights) const {
    return BufferView<3>(weights, is_half() ? halide_type_of<std::uint16_t>() : halide_type_of<float>(),
                         {panels_.blocks.panel, panels_.inputs, panels_.panels});
}

int LinearCase::call(const CalledKernel &kernel, int copy) {
    const float *weights = weights_.copy(copy);
    FloatView<1> bias(weights + panels_.floats(), {panels_.outputs()});
    if (!has_residual()) {
        return kernel(x_.view(), view_of_weights(weights), bias, y_.view());
    }
    return kernel(x_.view(), view_of_weights(weights), bias, (in_place_ ? y_ : residual_).view(), y_.view());
}

void LinearCase::reset() {
    if (has_residual() && in_place_) {
        std::copy_n(residual_.values.data(), residual_.values.size(), y_.values.data());
    } else {
        y_.values.set(NAN);
    }
}

void LinearCase::expect(int b, int t, int c) {
    const std::size_t token = static_cast<std::size_t>(b) * shape_.tokens + t;
    const float *x = &x_rows_[token * shape_.inputs];
    double z[2] = {}, magnitude[2] = {}, error[2] = {};
    for (int sum = 0; sum < sums_; sum++) {
        const float *w = &weight_rows_[row(sum, c) * shape_.inputs], bias = bias_[row(sum, c)];
        z[sum] = reference::linear(x, w, bias, shape_.inputs);
        magnitude[sum] = reference::linear_magnitude(x, w, bias, shape_.inputs);
        error[sum] = sum_error(shape_.inputs + 1) * magnitude[sum];
    }
    Expected e{b, t, c, z[0], error[0]};
    if (has_residual()) {
        const double residual = residual_rows_[token * shape_.outputs + c];
        e.value += residual;
        e.tolerance = sum_error(shape_.inputs + 2) * (magnitude[0] + std::abs(residual));
    } else if (sums_ == 2) {
        e.value = activation_->exact(z[0]) * z[1];
        e.tolerance = activation_->gated_tolerance(z[0], error[0], z[1], error[1]);
    } else if (activation_) {
        e.value = activation_->exact(z[0]);
        e.tolerance = activation_->tolerance(z[0], error[0]);
    }
    if (operands_ == Operands::integers) e.tolerance = 0;
    expected_.push_back(e);
}

std::string LinearCase::judge() {
    if (expected_.empty()) {
        for (const int b : images_) {
            for (const int t : tokens_) {
                for (const int c : outputs_) expect(b, t, c);
            }
        }
    }
    Comparison comparison("y");
    for (const Expected &e : expected_) {
        comparison.add({e.b, e.t, e.c}, e.value, y_.at(e.b, e.t, e.c), e.tolerance);
    }
    return first_of({comparison.text(), y_.not_finite(), y_.pads_not_zero(), x_.values.written_outside(),
                     residual_.values.written_outside(), y_.values.written_outside(),
                     weights_.written_outside()});
}

Work LinearCase::work() const {
    const double tokens = static_cast<double>(shape_.batch) * shape_.tokens, inputs = shape_.inputs,
                 outputs = shape_.outputs;
    return {2 * sums_ * tokens * inputs * outputs,
            4 * (tokens * (inputs + (has_residual() ? 2 : 1) * outputs) + sums_ * (inputs + 1) * outputs)};
}

}  // namespace vit::cases
