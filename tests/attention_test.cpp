// The stage attention against its reference: every shape and way to compile it.
#include <climits>

#include <gtest/gtest.h>

#include "runtime/network/key_parts.h"
#include "runtime/backend/buffer.h"
#include "tests/reference/attention.h"
#include "tests/support/comparison.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"
#include "tests/support/tiles.h"
#include "tests/support/tolerance.h"

namespace vit::test {
namespace {

struct Shape {
    std::string name;
    int tokens, heads, head_size, batch;
    int most_tokens = INT_MAX;  // to compare, of a head of an image

    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

const Shape awkward_shapes[] = {
    {"1_token_head_64", 1, 3, 64, 1},
    {"2_tokens_head_8", 2, 2, 8, 1},
    {"5_tokens_head_72_batch_3", 5, 3, 72, 3},
    {"13_tokens_head_1", 13, 1, 1, 1},
    {"197_tokens_head_20", 197, 1, 20, 1},
    {"197_tokens_head_80_batch_3", 197, 2, 80, 3, 20},
    {"257_tokens_head_104", 257, 2, 104, 1, 20},
    {"577_tokens_head_32", 577, 1, 32, 1, 50},
};

const Shape model_shapes[] = {
    {"vit_ti16", 197, 3, 64, 1, 20},
    {"vit_b16_batch_3", 197, 12, 64, 3, 10},
    {"vit_l16", 197, 16, 64, 1, 20},
    {"vit_h14", 257, 16, 80, 1, 20},
};

// Every number of tokens with every size of a head.
std::vector<Shape> crossed_shapes() {
    std::vector<Shape> shapes;
    for (const int tokens : {1, 2, 5, 197, 257, 577}) {
        for (const int head_size : {8, 20, 32, 64, 72, 80, 104}) {
            const std::string name =
                std::to_string(tokens) + "_tokens_heads_of_" + std::to_string(head_size);
            shapes.push_back({name, tokens, 2, head_size, 1, 10});
        }
    }
    return shapes;
}

// q, k and v beside each other in one token matrix, as the qkv layer leaves them, and the stage's other
// buffers.
class Heads {
public:
    std::vector<float> q, k, v;  // [b, h, t, d]

    Heads(const Variant &variant, const Shape &shape)
        : variant_(variant),
          shape_(shape),
          head_chunks_(divide_up(shape.head_size, variant.blocks.lanes)),
          width_(round_up(shape.heads * head_chunks_ * variant.blocks.lanes, variant.blocks.panel)),
          qkv_(variant.blocks, shape.tokens, 3 * width_, shape.batch, 3 * width_),
          context_(variant.blocks, shape.tokens, width_, shape.batch, width_) {}

    std::size_t count() const {
        return static_cast<std::size_t>(shape_.batch) * shape_.heads * shape_.tokens * shape_.head_size;
    }
    std::size_t row(int b, int h, int t) const {
        return ((static_cast<std::size_t>(b) * shape_.heads + h) * shape_.tokens + t) * shape_.head_size;
    }
    float context(int b, int h, int t, int d) const { return context_.at(b, t, channel(h, d)); }

    // Into how many parts keys may fall: on a device one if they fit, and two in any case.
    std::vector<int> parts() const {
        const int panels = divide_up(shape_.tokens, variant_.blocks.panel);
        const int least =
            divide_up(panels, most_keys_of_part(variant_.blocks.token_tile) / variant_.blocks.panel);
        std::vector<int> all{variant_.on_device ? least : 1};
        if (variant_.on_device && least == 1 && panels > 1) all.push_back(2);
        return all;
    }

    void run(int parts) {
        qkv_.fill(std::vector<float>(static_cast<std::size_t>(shape_.batch) * shape_.tokens * 3 * width_),
                  garbage, 0);
        for (int b = 0; b < shape_.batch; b++) {
            for (int h = 0; h < shape_.heads; h++) {
                for (int t = 0; t < shape_.tokens; t++) {
                    for (int d = 0; d < shape_.head_size; d++) {
                        int part = 0;
                        for (const std::vector<float> *from : {&q, &k, &v}) {
                            qkv_.at(b, t, part++ * width_ + channel(h, d)) = (*from)[row(b, h, t) + d];
                        }
                    }
                }
            }
        }
        const Blocks &blocks = variant_.blocks;
        const std::int64_t chunk = blocks.lanes * blocks.token_tile, tile = chunk * context_.chunks;
        FloatView<7> from(qkv_.values.data(),
                          {Dim{blocks.lanes, 1}, Dim{blocks.token_tile, blocks.lanes},
                           Dim{head_chunks_, chunk}, Dim{shape_.heads, chunk * head_chunks_}, Dim{3, tile},
                           Dim{qkv_.tiles, 3 * tile}, Dim{shape_.batch, 3 * tile * qkv_.tiles}});
        FloatView<6> to(context_.values.data(),
                        {Dim{blocks.lanes, 1}, Dim{blocks.token_tile, blocks.lanes},
                         Dim{head_chunks_, chunk}, Dim{shape_.heads, chunk * head_chunks_},
                         Dim{context_.tiles, tile}, Dim{shape_.batch, tile * context_.tiles}});
        if (variant_.on_device) {
            run_on_device(from, to, parts);
        } else {
            kernel_of(variant_, "attention")(from, shape_.tokens, 2, to);
        }
        expect_pads();
    }

    void run_on_device(halide_buffer_t *from, halide_buffer_t *to, int parts) {
        const Blocks &blocks = variant_.blocks;
        const int head = head_chunks_ * blocks.lanes, heads = shape_.heads, batch = shape_.batch,
                  key_panels = divide_up(shape_.tokens, blocks.panel);
        Floats k_values(static_cast<std::size_t>(blocks.panel) * head * key_panels * heads * batch);
        FloatView<5> keys(k_values.data(), {blocks.panel, head, key_panels, heads, batch});
        Floats v_values(static_cast<std::size_t>(head) * shape_.tokens * heads * batch);
        FloatView<4> values(v_values.data(), {head, shape_.tokens, heads, batch});
        if (parts == 1) {
            kernel_of(variant_, "attention_parts/one_part")(
                from, shape_.tokens, to, keys, values);
            return;
        }
        Floats m_values(static_cast<std::size_t>(blocks.lanes) * context_.padded_tokens() *
                        (head_chunks_ + 2) * parts * heads * batch);
        FloatView<7> mixtures(m_values.data(), {blocks.lanes, blocks.token_tile, head_chunks_ + 2,
                                                context_.tiles, parts, heads, batch});
        kernel_of(variant_, "attention_parts/parts")(
            from, shape_.tokens, parts, to, keys, values, mixtures);
    }

    // Pads of a head's channels are zero, pads of tokens finite; chunks past the last head belong to nobody
    // and are left alone.
    void expect_pads() const {
        const int padded_head = head_chunks_ * variant_.blocks.lanes;
        for (int b = 0; b < shape_.batch; b++) {
            for (int t = 0; t < context_.padded_tokens(); t++) {
                for (int c = 0; c < width_; c++) {
                    const float value = context_.at(b, t, c);
                    if (c >= shape_.heads * padded_head) {
                        ASSERT_TRUE(std::isnan(value))
                            << "written past the last head, at (" << c << ", " << t << ", " << b << ")";
                    } else if (t >= shape_.tokens) {
                        ASSERT_TRUE(std::isfinite(value)) << "pad (" << c << ", " << t << ", " << b << ")";
                    } else if (c % padded_head >= shape_.head_size) {
                        ASSERT_EQ(value, 0.0f) << "pad (" << c << ", " << t << ", " << b << ")";
                    }
                }
            }
        }
    }

private:
    int channel(int h, int d) const { return h * head_chunks_ * variant_.blocks.lanes + d; }

    const Variant &variant_;
    const Shape &shape_;
    int head_chunks_, width_;
    Tiles qkv_, context_;
};

class AttentionTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    const Variant &variant() const { return std::get<0>(GetParam()); }
    const Shape &shape() const { return std::get<1>(GetParam()); }

    // Calls visit(b, h, t, exact) for the queries to compare.
    template<typename Visit>
    void for_compared(const Heads &heads, Visit visit) {
        Random random;
        for (int b = 0; b < shape().batch; b++) {
            for (int h = 0; h < shape().heads; h++) {
                const float *k = &heads.k[heads.row(b, h, 0)], *v = &heads.v[heads.row(b, h, 0)];
                for (const int t : random.sample(shape().tokens, shape().most_tokens)) {
                    visit(b, h, t,
                          reference::attention(&heads.q[heads.row(b, h, t)], k, v, shape().tokens,
                                               shape().head_size));
                }
            }
        }
    }

    void expect_random(const Heads &heads, int parts);
    void expect_exact(const Heads &heads);
};

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

// Scaling a part's weights to the largest score of all is a second exponential and a product.
void AttentionTest::expect_random(const Heads &heads, int parts) {
    const double exp2_of_weight = parts == 1 ? exp2_error : 2 * exp2_error + unit;
    Comparison comparison("context");
    for_compared(heads, [&](int b, int h, int t, const reference::Attended &exact) {
        const float *query = &heads.q[heads.row(b, h, t)], *k = &heads.k[heads.row(b, h, 0)];
        const double largest = *std::max_element(exact.weights.begin(), exact.weights.end());
        // A weight 2^x, x = score - max, is relatively off by ln 2 times what x is absolutely, of which the
        // last rounding is relative to x itself.
        std::vector<double> weight_errors;
        for (int s = 0; s < shape().tokens; s++) {
            double magnitude = 0;
            for (int d = 0; d < shape().head_size; d++) {
                magnitude += std::abs(static_cast<double>(query[d]) * k[s * shape().head_size + d]);
            }
            const double x = std::log2(exact.weights[s] / largest);
            weight_errors.push_back(std::log(2.0) *
                                        (sum_error(shape().head_size) * magnitude + unit * std::abs(x)) +
                                    exp2_of_weight);
        }
        const auto tolerance = context_tolerance(exact, &heads.v[heads.row(b, h, 0)], weight_errors);
        for (int d = 0; d < shape().head_size; d++) {
            comparison.add({b, h, t, d}, exact.context[d], heads.context(b, h, t, d), tolerance[d]);
        }
    });
}

// Weights are one or nothing and their sums integers: only the division rounds.
void AttentionTest::expect_exact(const Heads &heads) {
    Comparison comparison("context");
    for_compared(heads, [&](int b, int h, int t, const reference::Attended &exact) {
        for (int d = 0; d < shape().head_size; d++) {
            comparison.add({b, h, t, d}, exact.context[d], heads.context(b, h, t, d),
                           (quotient_error + 2 * unit) * exact.context[d]);
        }
    });
}

TEST_P(AttentionTest, random) {
    Random random;
    Heads heads(variant(), shape());
    // Scores of a standard deviation of 2: a softmax that neither ignores them nor takes the largest alone.
    const float q = 3.4f / std::sqrt(static_cast<float>(shape().head_size));
    heads.q = random.uniforms(heads.count(), -q, q);
    heads.k = random.uniforms(heads.count(), -1.7f, 1.7f);
    heads.v = random.uniforms(heads.count(), -1, 2);
    for (const int parts : heads.parts()) {
        SCOPED_TRACE(std::to_string(parts) + " parts of keys");
        heads.run(parts);
        expect_random(heads, parts);
    }
}

// Scores are multiples of 128, so that the softmax takes the mean of the values of all keys with the
// largest one: an error of a thousandth of one part in any of them would show. All are far below zero: a
// padded key that scored zero would win.
TEST_P(AttentionTest, integer_scores_are_exact) {
    Random random;
    Heads heads(variant(), shape());
    const std::size_t count = heads.count();
    heads.q = random.integers(count, -2, 2);
    heads.k = random.integers(count, -2, 2);
    heads.v = random.integers(count, 1, 9);
    for (std::size_t i = 0; i < count; i++) {
        heads.q[i] *= 128;
        if (i % shape().head_size == 0) {
            heads.q[i] = 128 * 30;
            heads.k[i] = -30;
        }
    }
    for (const int parts : heads.parts()) {
        SCOPED_TRACE(std::to_string(parts) + " parts of keys");
        heads.run(parts);
        expect_exact(heads);
    }
}

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(models, AttentionTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::ValuesIn(model_shapes)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(crossed, AttentionTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::ValuesIn(crossed_shapes())),
                         name_of);
INSTANTIATE_TEST_SUITE_P(awkward, AttentionTest,
                         testing::Combine(testing::ValuesIn(all_variants("attention")),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of);

}  // namespace
}  // namespace vit::test
