#include "tests/cases/class_attention.h"

#include <algorithm>
#include <cmath>

#include "tests/cases/comparison.h"
#include "tests/cases/tolerance.h"
#include "tests/reference/class_attention.h"

namespace vit::cases {

using namespace tolerance;

ClassAttentionCase::ClassAttentionCase(const ClassAttentionShape &shape, const Layout &blocks,
                                       Operands operands, Random &random)
    : shape_(shape), blocks_(blocks), operands_(operands),
      head_chunks_(divide_up(shape.head_size, blocks.lanes)),
      part_(round_up(shape.heads * head_chunks_ * blocks.lanes, blocks.panel)),
      in_(blocks, shape.tokens, shape.width, shape.batch),
      qkv_(blocks, shape.tokens, 3 * part_, shape.batch, 3 * part_),
      context_(blocks, shape.tokens, part_, shape.batch, part_),
      panels_(blocks, round_up(shape.width, blocks.panel), part_),
      weights_(2 * panels_.floats() + part_, shape.layers),
      heads_(random.sample(shape.heads, shape.most_heads)) {
    const ClassAttentionShape &s = shape;
    const std::size_t weights = rows() * s.width, tokens = static_cast<std::size_t>(s.batch) * s.tokens;
    if (operands == Operands::random) {
        // Keys of a variance of about one, and scores of a standard deviation of about 2.
        const float weight = 1.7f / std::sqrt(static_cast<float>(s.width)),
                    query = 3.4f / std::sqrt(static_cast<float>(s.head_size));
        q_ = random.uniforms(s.batch * rows(), -query, query);
        x_ = random.uniforms(tokens * s.width, -1.2f, 2.2f);
        key_rows_ = random.uniforms(weights, -weight, weight);
        value_rows_ = random.uniforms(weights, -weight, 2 * weight);
        // A key's bias adds the same to all scores: however large, it must change nothing.
        key_bias_ = random.uniforms(rows(), -20, 20);
        value_bias_ = random.uniforms(rows(), -1, 2);
    } else {
        // Scores are multiples of 128, so that the softmax takes the mean over all tokens with the largest
        // one, all far below zero: a pad that scored zero would win. All sums are of integers, exact in any
        // order.
        q_ = random.integers(s.batch * rows(), 0, 1);
        x_ = random.integers(tokens * s.width, 1, 2);
        key_rows_ = random.integers(weights, -1, 0);
        value_rows_ = random.integers(weights, 0, 2);
        key_bias_.assign(rows(), 0.0f);
        value_bias_ = random.integers(rows(), 0, 3);
        for (std::size_t i = 0; i < q_.size(); i++) {
            q_[i] = i % s.head_size == 0 ? 128 : 128 * q_[i];
        }
        for (std::size_t i = 0; i < weights; i++) {
            if (i % s.width == 0 && i / s.width % s.head_size == 0) key_rows_[i] = -3;
        }
    }
    fill();
}

// q stands where the qkv layer leaves it, before as many channels of k and of v; nobody reads other tokens
// of it. In panels, a head starts at a whole chunk, and its pads are zero.
void ClassAttentionCase::fill() {
    in_.fill(x_, garbage, 0);
    float *keys = weights_.copy(0), *values = keys + panels_.floats(), *bias = values + panels_.floats();
    for (int h = 0; h < shape_.heads; h++) {
        for (int d = 0; d < shape_.head_size; d++) {
            for (int c = 0; c < shape_.width; c++) {
                const std::size_t at = panels_.offset(c, channel(h, d));
                keys[at] = key_rows_[row(h, d) * shape_.width + c];
                values[at] = value_rows_[row(h, d) * shape_.width + c];
            }
            bias[channel(h, d)] = value_bias_[row(h, d)];
        }
    }
    weights_.repeat();
    for (int b = 0; b < shape_.batch; b++) {
        for (int c = 0; c < part_; c++) qkv_.at(b, 0, c) = 0;
        for (int h = 0; h < shape_.heads; h++) {
            for (int d = 0; d < shape_.head_size; d++) {
                qkv_.at(b, 0, channel(h, d)) = q_[b * rows() + row(h, d)];
            }
        }
    }
}

int ClassAttentionCase::call(const CalledKernel &kernel, int copy) {
    const int lanes = blocks_.lanes;
    const std::int64_t chunk = std::int64_t{lanes} * blocks_.token_tile, head = chunk * head_chunks_;
    const auto first_token = [&](Tiles &of) {
        return FloatView<4>(of.values.data(),
                            {Dim{lanes, 1}, Dim{head_chunks_, chunk}, Dim{shape_.heads, head},
                             Dim{shape_.batch, chunk * of.chunks * of.tiles}});
    };
    const float *keys = weights_.copy(copy), *values = keys + panels_.floats();
    FloatView<1> bias(values + panels_.floats(), {part_});
    return kernel(in_.view_of_images(), first_token(qkv_), panels_.view(keys), panels_.view(values), bias,
                  shape_.tokens, first_token(context_));
}

// Every error, to first order, as in tests/cases/attention.cpp: scores are sums over the channels of a head
// and then over those of a token, the context is one over the tokens and then over their channels.
std::vector<double> ClassAttentionCase::tolerance_of(int b, int h, const std::vector<double> &weights,
                                                     const std::vector<double> &context) const {
    const ClassAttentionShape &s = shape_;
    const float *image = &x_[static_cast<std::size_t>(b) * s.tokens * s.width];
    const float *query = &q_[b * rows() + row(h, 0)];
    const float *keys = &key_rows_[row(h, 0) * s.width], *values = &value_rows_[row(h, 0) * s.width];
    std::vector<double> folded(s.width);  // magnitudes
    for (int d = 0; d < s.head_size; d++) {
        for (int c = 0; c < s.width; c++) {
            folded[c] += std::abs(static_cast<double>(query[d]) * keys[d * s.width + c]);
        }
    }
    const double largest = *std::max_element(weights.begin(), weights.end());
    double mean_weight_error = 0;
    std::vector<double> mixture_error(s.width);
    for (int t = 0; t < s.tokens; t++) {
        double magnitude = 0;
        for (int c = 0; c < s.width; c++) magnitude += folded[c] * std::abs(image[t * s.width + c]);
        const double error = std::log(2.0) * ((sum_error(s.head_size) + sum_error(s.width)) * magnitude +
                                              unit * std::abs(std::log2(weights[t] / largest))) +
                             exp2_error;
        mean_weight_error += weights[t] * error;
        for (int c = 0; c < s.width; c++) {
            mixture_error[c] += weights[t] * std::abs(image[t * s.width + c]) *
                                (error + sum_error(s.tokens) + sum_error(s.width));
        }
    }
    const double divisor = mean_weight_error + sum_error(s.tokens) + quotient_error;
    std::vector<double> tolerances;
    for (int d = 0; d < s.head_size; d++) {
        const double without_bias = context[d] - value_bias_[row(h, d)];
        double tolerance = divisor * std::abs(without_bias) + unit * std::abs(context[d]);
        for (int c = 0; c < s.width; c++) {
            tolerance += std::abs(values[d * s.width + c]) * mixture_error[c];
        }
        tolerances.push_back(tolerance);
    }
    return tolerances;
}

void ClassAttentionCase::expect(int b, int h) {
    const ClassAttentionShape &s = shape_;
    const reference::HeadLayer key{&key_rows_[row(h, 0) * s.width], &key_bias_[row(h, 0)]},
        value{&value_rows_[row(h, 0) * s.width], &value_bias_[row(h, 0)]};
    const auto exact = reference::class_attention(&q_[b * rows() + row(h, 0)],
                                                  &x_[static_cast<std::size_t>(b) * s.tokens * s.width], key,
                                                  value, s.tokens, s.width, s.head_size);
    std::vector<double> tolerances;
    if (operands_ == Operands::random) {
        tolerances = tolerance_of(b, h, exact.weights, exact.context);
    } else {
        for (const double v : exact.context) tolerances.push_back((quotient_error + 2 * unit) * v);
    }
    expected_.push_back({b, h, exact.context, tolerances});
}

std::string ClassAttentionCase::judge() {
    if (expected_.empty()) {
        for (int b = 0; b < shape_.batch; b++) {
            for (const int h : heads_) expect(b, h);
        }
    }
    Comparison comparison("context");
    for (const Expected &e : expected_) {
        for (int d = 0; d < shape_.head_size; d++) {
            comparison.add({e.b, e.h, d}, e.context[d], context_.at(e.b, 0, channel(e.h, d)),
                           e.tolerance[d]);
        }
    }
    return first_of({comparison.text(), wrong_pads(), in_.values.written_outside(),
                     qkv_.values.written_outside(), context_.values.written_outside(),
                     weights_.written_outside()});
}

// Pads of a head's channels are zero; other tokens, and chunks past the last head, are left alone.
std::string ClassAttentionCase::wrong_pads() const {
    const int padded_head = head_chunks_ * blocks_.lanes;
    for (int b = 0; b < shape_.batch; b++) {
        for (int t = 0; t < context_.padded_tokens(); t++) {
            for (int c = 0; c < context_.padded_channels(); c++) {
                const float value = context_.at(b, t, c);
                const bool nobodys = t > 0 || c >= shape_.heads * padded_head;
                if (nobodys ? !std::isnan(value) : c % padded_head >= shape_.head_size && value != 0) {
                    return "pad (" + std::to_string(c) + ", " + std::to_string(t) + ", " +
                           std::to_string(b) + ") is " + std::to_string(value);
                }
            }
        }
    }
    return {};
}

Work ClassAttentionCase::work() const {
    const double tokens = shape_.tokens, width = shape_.width, all = static_cast<double>(rows());
    return {2 * shape_.batch * (2 * all * width + 2 * shape_.heads * tokens * width),
            4 * (2 * width * all + shape_.batch * (tokens * width + 2 * all) + all)};
}

}  // namespace vit::cases
