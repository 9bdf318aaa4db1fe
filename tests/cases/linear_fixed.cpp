#include "tests/cases/linear_fixed.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/cases/comparison.h"
#include "tests/cases/kernel_list.h"
#include "tests/cases/tolerance.h"
#include "tests/reference/linear_fixed.h"

namespace vit::cases {

using namespace tolerance;

namespace {

int padded_chunks(int channels, const Layout &blocks) {
    return round_up(channels, blocks.panel) / blocks.lanes;
}

FixedTiles tiles_of(const FixedFormat &format, const Layout &blocks, int tokens, int channels, int batch,
                    int unit, int most_of_group) {
    const int chunks = padded_chunks(channels, blocks);
    const int of_group = chunks_of_group(chunks, unit, most_of_group, blocks);
    return FixedTiles(format, blocks, tokens, channels, batch, of_group, chunks / of_group);
}

// Channels in a group of x at most.
int most_of_x(const std::string &kernel, const FixedFormat &format) {
    return kernel.ends_with("/fc2")    ? format.most_of_mlp
           : kernel.ends_with("/proj") ? 64  // of a head
                                       : format.most_of_norm;
}

}  // namespace

int LinearFixedCase::groups_of(const LinearShape &shape, const Layout &blocks, const std::string &kernel) {
    const int chunks = padded_chunks(shape.inputs, blocks);
    return chunks / chunks_of_group(chunks, 1, most_of_x(kernel, *FixedFormat::of(kernel, blocks)), blocks);
}

FixedOperands LinearFixedCase::operands_of(const LinearShape &shape, const Layout &blocks,
                                           const std::string &kernel, Operands operands, Random &random) {
    const FixedFormat format = *FixedFormat::of(kernel, blocks);
    const std::size_t tokens = static_cast<std::size_t>(shape.batch) * shape.tokens,
                      groups = tokens * groups_of(shape, blocks, kernel);
    FixedOperands made;
    made.exact = operands == Operands::integers;
    const auto whole = [&](std::size_t count, int low, int high) {
        std::vector<int> values(count);
        for (int &value : values) value = random.integer(low, high);
        return values;
    };
    const std::size_t outputs = shape.outputs, inputs = shape.inputs;
    if (made.exact) {
        const int least = format.offset ? format.lowest : -8, most = format.most_of_weights;
        made.x = whole(tokens * inputs, least, least + 16);
        made.weights = whole(outputs * inputs, std::max(-8, -most), std::min(8, most));
        for (std::size_t i = 0; i < groups; i++) {
            made.scales.push_back(std::ldexp(1.0f, random.integer(0, 2)));
        }
        made.offsets = random.integers(groups, -8, 8);
        for (std::size_t c = 0; c < outputs; c++) {
            made.weight_scales.push_back(std::ldexp(1.0f, random.integer(0, 1)));
        }
        made.bias = random.integers(outputs, -100, 100);
        made.residual = random.integers(tokens * outputs, -1000, 1000);
    } else {
        const int most = format.most_of_weights;
        const float weight = 1.7f / (static_cast<float>(most) * std::sqrt(static_cast<float>(inputs)));
        made.x = whole(tokens * inputs, format.lowest, format.highest);
        made.weights = whole(outputs * inputs, -most, most);
        for (std::size_t i = 0; i < groups; i++) {
            const float scale = random.uniform(1, 2) * 3.4f / static_cast<float>(format.levels());
            made.scales.push_back(scale);
            // So that the middle half of the range may stand for zero.
            const float steps_to_zero = random.uniform(0.25f, 0.75f) * static_cast<float>(format.levels());
            made.offsets.push_back(-scale * (static_cast<float>(format.lowest) + steps_to_zero));
        }
        made.weight_scales = random.uniforms(outputs, 0.5f * weight, weight);
        made.bias = random.uniforms(outputs, -1, 1);
        made.residual = random.uniforms(tokens * outputs, -2, 2);
    }
    if (!format.offset) made.offsets.assign(groups, 0.0f);
    return made;
}

LinearFixedCase::LinearFixedCase(const LinearShape &shape, const Layout &blocks, std::string kernel,
                                 FixedOperands operands, bool in_place, int unused_inputs)
    : shape_(shape), blocks_(blocks), kernel_(std::move(kernel)),
      epilogue_(kernel_row(kernel_).params.at("epilogue")), format_(*FixedFormat::of(kernel_, blocks)),
      activation_(epilogue_ == "none" || epilogue_ == "residual" ? nullptr : &known_activation(epilogue_)),
      operands_(std::move(operands)), in_place_(in_place),
      x_(tiles_of(format_, blocks, shape.tokens, shape.inputs, shape.batch, 1,
                  most_of_x(kernel_, format_))),
      panels_(format_, blocks, x_.padded_channels() + round_up(unused_inputs, blocks.panel), shape.outputs),
      weights_(panels_.floats() + static_cast<std::size_t>(panels_.outputs()) *
                                      (2 + (format_.offset ? x_.groups : 0)),
               shape.layers),
      residual_(blocks, shape.tokens, shape.outputs, epilogue_ == "residual" ? shape.batch : 0),
      images_(Random().sample(shape.batch, shape.most_images)),
      tokens_(Random().sample(shape.tokens, shape.most_tokens)),
      outputs_(Random().sample(shape.outputs, shape.most_outputs)) {
    if (activation_) {
        quantized_.emplace(tiles_of(format_, blocks, shape.tokens, shape.outputs, shape.batch,
                                    blocks.vectors(), format_.most_of_mlp));
    } else {
        y_.emplace(blocks, shape.tokens, shape.outputs, shape.batch);
    }
    // Pads of channels are the largest there is: the weights there are zero. Those of tokens are garbage.
    for (int b = 0; b < shape.batch; b++) {
        for (int t = 0; t < x_.padded_tokens(); t++) {
            const bool pad = t >= shape.tokens;
            const std::size_t token = static_cast<std::size_t>(b) * shape.tokens + t;
            for (int c = 0; c < x_.padded_channels(); c++) {
                x_.set_q(b, t, c,
                         pad || c >= shape.inputs ? format_.highest : operands_.x[token * shape.inputs + c]);
            }
            for (int g = 0; g < x_.groups; g++) {
                x_.set_term(b, t, g, 0, pad ? garbage : operands_.scales[token * x_.groups + g]);
                if (format_.offset) {
                    x_.set_term(b, t, g, 1, pad ? garbage : operands_.offsets[token * x_.groups + g]);
                }
            }
        }
    }
    if (epilogue_ == "residual") residual_.fill(operands_.residual, garbage, 0);

    const int outputs = panels_.outputs();
    float *panels = weights_.copy(0), *scales = panels + panels_.floats(), *sums = scales + outputs,
          *bias = sums + (format_.offset ? outputs * x_.groups : 0);
    for (int c = 0; c < outputs; c++) {
        for (int k = x_.padded_channels(); k < panels_.inputs; k++) {
            panels_.set(panels, k, c, format_.most_of_weights);
        }
    }
    for (int c = 0; c < shape.outputs; c++) {
        for (int k = 0; k < shape.inputs; k++) {
            const int weight = operands_.weights[static_cast<std::size_t>(c) * shape.inputs + k];
            panels_.set(panels, k, c, weight);
            if (format_.offset) sums[k / x_.channels_of_group() * outputs + c] += static_cast<float>(weight);
        }
        scales[c] = operands_.weight_scales[c];
        bias[c] = operands_.bias[c];
    }
    weights_.repeat();
}

int LinearFixedCase::call(const CalledKernel &kernel, int copy) {
    const float *weights = weights_.copy(copy), *terms = weights + panels_.floats();
    const int rows = 1 + (format_.offset ? x_.groups : 0);
    FloatView<2> weight_terms(terms, {panels_.outputs(), rows});
    FloatView<1> bias(terms + static_cast<std::ptrdiff_t>(rows) * panels_.outputs(), {panels_.outputs()});
    if (activation_) {
        return kernel(x_.view(), panels_.view(weights), weight_terms, bias, quantized_->chunks_of_group,
                      quantized_->view());
    }
    if (epilogue_ == "residual") {
        return kernel(x_.view(), panels_.view(weights), weight_terms, bias,
                      (in_place_ ? *y_ : residual_).view(), y_->view());
    }
    return kernel(x_.view(), panels_.view(weights), weight_terms, bias, y_->view());
}

void LinearFixedCase::reset() {
    if (quantized_) {
        quantized_->values.set(NAN);
    } else if (epilogue_ == "residual" && in_place_) {
        std::copy_n(residual_.values.data(), residual_.values.size(), y_->values.data());
    } else {
        y_->values.set(NAN);
    }
}

LinearFixedCase::Expected LinearFixedCase::expect(int b, int t, int c) const {
    if (c >= shape_.outputs) return {0, 0};  // a pad, whose activation is that of zero
    const std::size_t token = static_cast<std::size_t>(b) * shape_.tokens + t;
    const reference::FixedProduct product = reference::linear_fixed(
        &operands_.x[token * shape_.inputs],
        &operands_.weights[static_cast<std::size_t>(c) * shape_.inputs],
        &operands_.scales[token * x_.groups], &operands_.offsets[token * x_.groups], shape_.inputs,
        x_.channels_of_group());
    const double scale = operands_.weight_scales[c], bias = operands_.bias[c],
                 residual =
                     epilogue_ == "residual" ? operands_.residual[token * shape_.outputs + c] : 0.0f;
    const double z = scale * product.value + bias + residual;
    const double magnitude = scale * product.magnitude + std::abs(bias) + std::abs(residual);
    const double tolerance =
        operands_.exact ? 0 : fixed_error(x_.groups, format_.terms()) * magnitude;
    if (activation_) return {activation_->exact(z), activation_->tolerance(z, tolerance)};
    return {z, tolerance};
}

std::string LinearFixedCase::judge_values() {
    Comparison comparison("y");
    for (const int b : images_) {
        for (const int t : tokens_) {
            for (const int c : outputs_) {
                const Expected e = expect(b, t, c);
                comparison.add({b, t, c}, e.value, y_->at(b, t, c), e.tolerance);
            }
        }
    }
    return first_of(
        {comparison.text(), y_->not_finite(), y_->pads_not_zero(), y_->values.written_outside()});
}

// Whole groups, since its extremes decide of each of its values.
std::string LinearFixedCase::judge_quantized() {
    const int channels = quantized_->channels_of_group();
    std::vector<int> groups;
    for (const int c : outputs_) {
        const bool is_new = groups.empty() || groups.back() != c / channels;
        const bool is_enough = static_cast<int>(groups.size()) * channels >= shape_.most_outputs;
        if (is_new && (!is_enough || c == shape_.outputs - 1)) groups.push_back(c / channels);
    }
    QuantizedComparison comparison(*quantized_);
    for (const int b : images_) {
        for (const int t : tokens_) {
            for (const int g : groups) {
                std::vector<double> values, tolerances;
                for (int c = g * channels; c < (g + 1) * channels; c++) {
                    const Expected e = expect(b, t, c);
                    values.push_back(e.value);
                    tolerances.push_back(e.tolerance);
                }
                comparison.add(b, t, g, values, tolerances);
            }
        }
    }
    return first_of({comparison.text(), quantized_->not_finite(), quantized_->values.written_outside()});
}

std::string LinearFixedCase::judge() {
    return first_of({quantized_ ? judge_quantized() : judge_values(), x_.values.written_outside(),
                     residual_.values.written_outside(), weights_.written_outside()});
}

Work LinearFixedCase::work() const {
    const double tokens = static_cast<double>(shape_.batch) * shape_.tokens, inputs = shape_.inputs,
                 outputs = shape_.outputs;
    const double of_y = quantized_ ? format_.bytes : epilogue_ == "residual" ? 8 : 4;
    return {2 * tokens * inputs * outputs,
            format_.bytes * (tokens + outputs) * inputs + of_y * tokens * outputs + 8 * outputs,
            static_cast<double>(format_.step)};
}

}  // namespace vit::cases
