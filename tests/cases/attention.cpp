#include "tests/cases/attention.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/network/key_parts.h"
#include "tests/cases/comparison.h"
#include "tests/cases/tolerance.h"
#include "tests/reference/attention.h"

namespace vit::cases {

using namespace tolerance;

namespace {

// How far each channel of the context may be off, given how far each weight may be, relative to itself: the
// weighted error of the values, the common error of the divisor, and the roundings of both sums and of the
// division. To first order: products of two errors are below a thousandth of either.
std::vector<double> context_tolerance(const reference::Attended &exact, const float *v,
                                      const std::vector<double> &weight_errors) {
    const int keys = static_cast<int>(exact.weights.size()),
              head_size = static_cast<int>(exact.context.size());
    double divisor = sum_error(keys) + quotient_error + unit;
    std::vector<double> tolerance(head_size);
    for (int s = 0; s < keys; s++) {
        divisor += exact.weights[s] * weight_errors[s];
        for (int d = 0; d < head_size; d++) {
            tolerance[d] +=
                exact.weights[s] * std::abs(v[s * head_size + d]) * (weight_errors[s] + sum_error(keys));
        }
    }
    for (int d = 0; d < head_size; d++) tolerance[d] += divisor * std::abs(exact.context[d]);
    return tolerance;
}

std::size_t product(std::initializer_list<int> factors) {
    std::size_t all = 1;
    for (const int factor : factors) all *= factor;
    return all;
}

}  // namespace

std::vector<int> AttentionCase::parts_on_device(int tokens, const Layout &blocks) {
    const int panels = divide_up(tokens, blocks.panel);
    const int least = divide_up(panels, most_keys_of_part(blocks.token_tile) / blocks.panel);
    return least == 1 && panels > 1 ? std::vector<int>{1, 2} : std::vector<int>{least};
}

AttentionCase::AttentionCase(const AttentionShape &shape, const Layout &blocks, int parts, Operands operands,
                             Random &random, std::string kernel)
    : shape_(shape), blocks_(blocks), parts_(parts), kernel_(std::move(kernel)), operands_(operands),
      head_chunks_(divide_up(shape.head_size, blocks.lanes)),
      width_(round_up(shape.heads * head_chunks_ * blocks.lanes, blocks.panel)),
      key_panels_(divide_up(shape.tokens, blocks.panel)),
      qkv_(blocks, shape.tokens, 3 * width_, shape.batch, 3 * width_),
      context_(blocks, shape.tokens, width_, FixedFormat::of(kernel_, blocks) ? 0 : shape.batch, width_),
      keys_(parts == 0 ? 0
                       : product({blocks.panel, head_chunks_, blocks.lanes, key_panels_, shape.heads,
                                  shape.batch})),
      values_(parts == 0 ? 0
                         : product({head_chunks_, blocks.lanes, shape.tokens, shape.heads, shape.batch})),
      mixtures_(parts <= 1 ? 0
                           : product({blocks.lanes, context_.padded_tokens(), head_chunks_ + 2, parts,
                                      shape.heads, shape.batch})),
      images_(random.sample(shape.batch, shape.most_images)),
      tokens_(random.sample(shape.tokens, shape.most_tokens)) {
    if (const std::optional<FixedFormat> format = FixedFormat::of(kernel_, blocks)) {
        quantized_.emplace(*format, blocks, shape.tokens, width_, shape.batch, head_chunks_, shape.heads);
    }
    const std::size_t count = product({shape.batch, shape.heads, shape.tokens, shape.head_size});
    if (operands == Operands::random) {
        // Scores of a standard deviation of 2: a softmax that neither ignores them nor takes the largest
        // alone.
        const float q = 3.4f / std::sqrt(static_cast<float>(shape.head_size));
        q_ = random.uniforms(count, -q, q);
        k_ = random.uniforms(count, -1.7f, 1.7f);
        v_ = random.uniforms(count, -1, 2);
    } else {
        // Scores are multiples of 128, so that the softmax takes the mean of the values of all keys with the
        // largest one: an error of a thousandth of one part in any of them would show. All are far below
        // zero: a padded key that scored zero would win.
        q_ = random.integers(count, -2, 2);
        k_ = random.integers(count, -2, 2);
        v_ = random.integers(count, 1, 9);
        for (std::size_t i = 0; i < count; i++) {
            q_[i] *= 128;
            if (i % shape.head_size == 0) {
                q_[i] = 128 * 30;
                k_[i] = -30;
            }
        }
    }
    fill();
}

// Pads of channels are zero, those of tokens garbage.
void AttentionCase::fill() {
    qkv_.values.set(0);
    for (int b = 0; b < shape_.batch; b++) {
        for (int t = 0; t < qkv_.padded_tokens(); t++) {
            for (int c = 0; t >= shape_.tokens && c < qkv_.padded_channels(); c++) {
                qkv_.at(b, t, c) = garbage;
            }
        }
        for (int h = 0; h < shape_.heads; h++) {
            for (int t = 0; t < shape_.tokens; t++) {
                for (int d = 0; d < shape_.head_size; d++) {
                    int part = 0;
                    for (const std::vector<float> *from : {&q_, &k_, &v_}) {
                        qkv_.at(b, t, part++ * width_ + channel(h, d)) = (*from)[row(b, h, t) + d];
                    }
                }
            }
        }
    }
}

std::string AttentionCase::kernel() const {
    return parts_ == 0 ? kernel_ : parts_ == 1 ? "attention_parts/one_part" : "attention_parts/parts";
}

int AttentionCase::call(const CalledKernel &kernel, int) {
    const int lanes = blocks_.lanes, token_tile = blocks_.token_tile, panel = blocks_.panel;
    const int heads = shape_.heads, batch = shape_.batch, head = head_chunks_ * lanes;
    const std::int64_t chunk = std::int64_t{lanes} * token_tile, tile = chunk * context_.chunks;
    FloatView<7> qkv(qkv_.values.data(),
                     {Dim{lanes, 1}, Dim{token_tile, lanes}, Dim{head_chunks_, chunk},
                      Dim{heads, chunk * head_chunks_}, Dim{3, tile}, Dim{qkv_.tiles, 3 * tile},
                      Dim{batch, 3 * tile * qkv_.tiles}});
    FloatView<6> context(context_.values.data(),
                         {Dim{lanes, 1}, Dim{token_tile, lanes}, Dim{head_chunks_, chunk},
                          Dim{heads, chunk * head_chunks_}, Dim{context_.tiles, tile},
                          Dim{batch, tile * context_.tiles}});
    if (quantized_) {
        return kernel(qkv, shape_.tokens, threads, quantized_->view_of_images());
    }
    if (parts_ == 0) {
        return kernel(qkv, shape_.tokens, threads, context);
    }
    FloatView<5> keys(keys_.data(), {panel, head, key_panels_, heads, batch});
    FloatView<4> values(values_.data(), {head, shape_.tokens, heads, batch});
    if (parts_ == 1) {
        return kernel(qkv, shape_.tokens, context, keys, values);
    }
    FloatView<7> mixtures(mixtures_.data(), {lanes, token_tile, head_chunks_ + 2, context_.tiles, parts_,
                                             heads, batch});
    return kernel(qkv, shape_.tokens, parts_, context, keys, values, mixtures);
}

void AttentionCase::reset() {
    for (Floats *written : {&context_.values, &keys_, &values_, &mixtures_}) {
        written->set(NAN);
    }
    if (quantized_) quantized_->values.set(NAN);
}

void AttentionCase::expect(int b, int h, int t) {
    const float *q = &q_[row(b, h, t)], *k = &k_[row(b, h, 0)], *v = &v_[row(b, h, 0)];
    const int size = shape_.head_size;
    const auto exact = reference::attention(q, k, v, shape_.tokens, size);
    if (operands_ == Operands::integers) {
        // Weights are one or nothing and their sums integers: only the division rounds.
        std::vector<double> rounding;
        for (const double value : exact.context) {
            rounding.push_back((quotient_error + 2 * unit) * value);
        }
        expected_.push_back({b, h, t, exact.context, rounding});
        return;
    }
    // Scaling a part's weights to the largest score of all is a second exponential and a product.
    const double exp2_of_weight = parts_ <= 1 ? exp2_error : 2 * exp2_error + unit;
    const double largest = *std::max_element(exact.weights.begin(), exact.weights.end());
    // A weight 2^x, x = score - max, is relatively off by ln 2 times what x is absolutely, of which the last
    // rounding is relative to x itself.
    std::vector<double> weight_errors;
    for (int s = 0; s < shape_.tokens; s++) {
        double magnitude = 0;
        for (int d = 0; d < size; d++) {
            magnitude += std::abs(static_cast<double>(q[d]) * k[s * size + d]);
        }
        const double x = std::log2(exact.weights[s] / largest);
        weight_errors.push_back(std::log(2.0) * (sum_error(size) * magnitude + unit * std::abs(x)) +
                                exp2_of_weight);
    }
    expected_.push_back({b, h, t, exact.context, context_tolerance(exact, v, weight_errors)});
}

std::string AttentionCase::judge() {
    if (expected_.empty()) {
        for (const int b : images_) {
            for (int h = 0; h < shape_.heads; h++) {
                for (const int t : tokens_) expect(b, h, t);
            }
        }
    }
    if (quantized_) return judge_quantized();
    Comparison comparison("context");
    for (const Expected &e : expected_) {
        for (int d = 0; d < shape_.head_size; d++) {
            comparison.add({e.b, e.h, e.t, d}, e.context[d], context_.at(e.b, e.t, channel(e.h, d)),
                           e.tolerance[d]);
        }
    }
    return first_of({comparison.text(), wrong_pads(), qkv_.values.written_outside(),
                     context_.values.written_outside(), keys_.written_outside(), values_.written_outside(),
                     mixtures_.written_outside()});
}

std::string AttentionCase::judge_quantized() const {
    QuantizedComparison comparison(*quantized_);
    for (const Expected &e : expected_) {
        std::vector<double> values = e.context, tolerances = e.tolerance;
        values.resize(quantized_->channels_of_group());  // pads are zero
        tolerances.resize(quantized_->channels_of_group());
        comparison.add(e.b, e.t, e.h, values, tolerances);
    }
    return first_of({comparison.text(), quantized_->not_finite(), qkv_.values.written_outside(),
                     quantized_->values.written_outside()});
}

// Pads of a head's channels are zero, pads of tokens finite; chunks past the last head belong to nobody and
// are left alone.
std::string AttentionCase::wrong_pads() const {
    const int padded_head = head_chunks_ * blocks_.lanes;
    for (int b = 0; b < shape_.batch; b++) {
        for (int t = 0; t < context_.padded_tokens(); t++) {
            for (int c = 0; c < width_; c++) {
                const float value = context_.at(b, t, c);
                const bool right = c >= shape_.heads * padded_head ? std::isnan(value)
                                   : t >= shape_.tokens            ? std::isfinite(value)
                                   : c % padded_head >= shape_.head_size
                                       ? value == 0
                                       : true;
                if (!right) {
                    return "pad (" + std::to_string(c) + ", " + std::to_string(t) + ", " +
                           std::to_string(b) + ") is " + std::to_string(value);
                }
            }
        }
    }
    return {};
}

Work AttentionCase::work() const {
    const double tokens = shape_.tokens, width = shape_.heads * shape_.head_size;
    const double of_context = quantized_ ? quantized_->format.bytes : 4;
    return {4 * shape_.batch * tokens * tokens * width,
            (3 * 4 + of_context) * shape_.batch * tokens * width};
}

}  // namespace vit::cases
