// The stage class_attention against its reference, which computes the keys and values that the stage does
// without: every shape and way to compile it.
#include <climits>

#include <gtest/gtest.h>

#include "runtime/backend/buffer.h"
#include "tests/reference/class_attention.h"
#include "tests/support/comparison.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"
#include "tests/support/tiles.h"
#include "tests/support/tolerance.h"

namespace vit::test {
namespace {

struct Shape {
    const char *name;
    int tokens, width, heads, head_size, batch;
    int most_heads = INT_MAX;  // to compare, of an image

    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths and heads that no vector divides; heads of one and three chunks start in the middle of a panel.
const Shape awkward_shapes[] = {
    {"1_token_of_24_3_heads_of_8", 1, 24, 3, 8, 1},
    {"2_tokens_of_36_1_head_of_36", 2, 36, 1, 36, 1},
    {"5_tokens_of_144_2_heads_of_72_batch_3", 5, 144, 2, 72, 3},
    {"13_tokens_of_7_7_heads_of_1", 13, 7, 7, 1, 1},
    {"16_tokens_of_60_3_heads_of_20_batch_3", 16, 60, 3, 20, 3},
    {"257_tokens_of_208_2_heads_of_104", 257, 208, 2, 104, 1},
};

const Shape model_shapes[] = {
    {"vit_ti16_batch_3", 197, 192, 3, 64, 3},
    {"vit_b16", 197, 768, 12, 64, 1, 3},
    {"vit_h14", 257, 1280, 16, 80, 1, 2},
};

class ClassAttentionTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    const Variant &variant() const { return std::get<0>(GetParam()); }
    const Shape &shape() const { return std::get<1>(GetParam()); }
    const Blocks &blocks() const { return variant().blocks; }

    std::vector<float> q;                       // [b, h, d]
    std::vector<float> x;                       // [b, t, c]
    std::vector<float> key_rows, value_rows;    // [h, d, c]
    std::vector<float> key_bias, value_bias;    // [h, d]

    int head_chunks() const { return divide_up(shape().head_size, blocks().lanes); }
    int padded_heads() const {
        return round_up(shape().heads * head_chunks() * blocks().lanes, blocks().panel);
    }
    int channel(int h, int d) const { return h * head_chunks() * blocks().lanes + d; }

    // rows are [h, d, c]; in panels, a head starts at a whole chunk, and its pads are zero.
    void fill(Panels &panels, const std::vector<float> &rows) const {
        for (int h = 0; h < shape().heads; h++) {
            for (int d = 0; d < shape().head_size; d++) {
                for (int c = 0; c < shape().width; c++) {
                    panels.at(c, channel(h, d)) = rows[row(h, d) * shape().width + c];
                }
            }
        }
    }
    std::size_t row(int h, int d) const { return static_cast<std::size_t>(h) * shape().head_size + d; }
    std::size_t rows() const { return row(shape().heads, 0); }  // of all heads

    // The context's tiles, of which the first token of each image is to be written.
    void run(Tiles &context) const {
        const auto [lanes, token_tile, panel] = blocks();
        Tiles in(blocks(), shape().tokens, shape().width, shape().batch);
        in.fill(x, garbage, 0);
        // q stands where the qkv layer leaves it, before as many channels of k and of v.
        const int part = padded_heads();
        Tiles qkv(blocks(), shape().tokens, 3 * part, shape().batch, 3 * part);
        for (int b = 0; b < shape().batch; b++) {
            for (int c = 0; c < part; c++) qkv.at(b, 0, c) = 0;
            for (int h = 0; h < shape().heads; h++) {
                for (int d = 0; d < shape().head_size; d++) {
                    qkv.at(b, 0, channel(h, d)) = q[b * rows() + row(h, d)];
                }
            }
        }
        const int inputs = round_up(shape().width, panel);
        Panels keys(blocks(), inputs, part), values(blocks(), inputs, part);
        fill(keys, key_rows);
        fill(values, value_rows);
        Floats bias(part, 0.0f);
        for (int h = 0; h < shape().heads; h++) {
            for (int d = 0; d < shape().head_size; d++) bias[channel(h, d)] = value_bias[row(h, d)];
        }
        const std::int64_t chunk = lanes * token_tile, head = chunk * head_chunks();
        FloatView<5> x_view(in.values.data(), {lanes, token_tile, in.chunks, in.tiles, shape().batch});
        FloatView<4> q_view(qkv.values.data(),
                            {Dim{lanes, 1}, Dim{head_chunks(), chunk}, Dim{shape().heads, head},
                             Dim{shape().batch, chunk * qkv.chunks * qkv.tiles}});
        FloatView<3> key_view(keys.values.data(), {panel, keys.inputs, keys.panels}),
            value_view(values.values.data(), {panel, values.inputs, values.panels});
        FloatView<1> bias_view(bias.data(), {part});
        FloatView<4> out(context.values.data(),
                         {Dim{lanes, 1}, Dim{head_chunks(), chunk}, Dim{shape().heads, head},
                          Dim{shape().batch, chunk * context.chunks * context.tiles}});
        kernel_of(variant(), "class_attention")(
            x_view, q_view, key_view, value_view, bias_view, shape().tokens, out);
    }

    // Pads of a head's channels are zero; other tokens, and chunks past the last head, are left alone.
    void expect_pads(const Tiles &context) const {
        const int padded_head = head_chunks() * blocks().lanes;
        for (int b = 0; b < shape().batch; b++) {
            for (int t = 0; t < context.padded_tokens(); t++) {
                for (int c = 0; c < context.padded_channels(); c++) {
                    if (t > 0 || c >= shape().heads * padded_head) {
                        ASSERT_TRUE(std::isnan(context.at(b, t, c)))
                            << "written at (" << c << ", " << t << ", " << b << ")";
                    } else if (c % padded_head >= shape().head_size) {
                        ASSERT_EQ(context.at(b, t, c), 0.0f) << "pad (" << c << ", " << b << ")";
                    }
                }
            }
        }
    }

    // Calls visit(b, h, x of the image, q of the head, exact) for the heads to compare.
    template<typename Visit>
    void for_heads(Visit visit) const {
        const Shape &s = shape();
        Random random;
        for (int b = 0; b < s.batch; b++) {
            const float *image = &x[static_cast<std::size_t>(b) * s.tokens * s.width];
            for (const int h : random.sample(s.heads, s.most_heads)) {
                const reference::HeadLayer key{&key_rows[row(h, 0) * s.width], &key_bias[row(h, 0)]},
                    value{&value_rows[row(h, 0) * s.width], &value_bias[row(h, 0)]};
                const float *query = &q[b * rows() + row(h, 0)];
                visit(b, h, image, query,
                      reference::class_attention(query, image, key, value, s.tokens, s.width, s.head_size));
            }
        }
    }
};

// Every error, to first order, as in tests/attention_test.cpp: scores are sums over the channels of a head
// and then over those of a token, the context is one over the tokens and then over their channels.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ClassAttentionTest);  // no device has it

TEST_P(ClassAttentionTest, random) {
    Random random;
    const Shape &s = shape();
    const std::size_t weights = rows() * s.width;
    // Keys of a variance of about one, and scores of a standard deviation of about 2.
    const float weight = 1.7f / std::sqrt(static_cast<float>(s.width)),
                query = 3.4f / std::sqrt(static_cast<float>(s.head_size));
    q = random.uniforms(s.batch * rows(), -query, query);
    x = random.uniforms(static_cast<std::size_t>(s.batch) * s.tokens * s.width, -1.2f, 2.2f);
    key_rows = random.uniforms(weights, -weight, weight);
    value_rows = random.uniforms(weights, -weight, 2 * weight);
    // A key's bias adds the same to all scores: however large, it must change nothing.
    key_bias = random.uniforms(rows(), -20, 20);
    value_bias = random.uniforms(rows(), -1, 2);
    Tiles context(blocks(), s.tokens, padded_heads(), s.batch, padded_heads());
    run(context);
    expect_pads(context);

    Comparison comparison("context");
    for_heads([&](int b, int h, const float *image, const float *query,
                  const reference::Attended &exact) {
        const float *keys = &key_rows[row(h, 0) * s.width], *values = &value_rows[row(h, 0) * s.width];
        std::vector<double> folded(s.width);  // magnitudes
        for (int d = 0; d < s.head_size; d++) {
            for (int c = 0; c < s.width; c++) {
                folded[c] += std::abs(static_cast<double>(query[d]) * keys[d * s.width + c]);
            }
        }
        const double largest = *std::max_element(exact.weights.begin(), exact.weights.end());
        double mean_weight_error = 0;
        std::vector<double> mixture_error(s.width);
        for (int t = 0; t < s.tokens; t++) {
            double magnitude = 0;
            for (int c = 0; c < s.width; c++) magnitude += folded[c] * std::abs(image[t * s.width + c]);
            const double error =
                std::log(2.0) * ((sum_error(s.head_size) + sum_error(s.width)) * magnitude +
                                 unit * std::abs(std::log2(exact.weights[t] / largest))) +
                exp2_error;
            mean_weight_error += exact.weights[t] * error;
            for (int c = 0; c < s.width; c++) {
                mixture_error[c] += exact.weights[t] * std::abs(image[t * s.width + c]) *
                                    (error + sum_error(s.tokens) + sum_error(s.width));
            }
        }
        const double divisor = mean_weight_error + sum_error(s.tokens) + quotient_error;
        for (int d = 0; d < s.head_size; d++) {
            const double bias = value_bias[row(h, d)], without_bias = exact.context[d] - bias;
            double tolerance = divisor * std::abs(without_bias) + unit * std::abs(exact.context[d]);
            for (int c = 0; c < s.width; c++) {
                tolerance += std::abs(values[d * s.width + c]) * mixture_error[c];
            }
            comparison.add({b, h, d}, exact.context[d], context.at(b, 0, channel(h, d)), tolerance);
        }
    });
}

// Scores are multiples of 128, so that the softmax takes the mean over all tokens with the largest one, all
// far below zero: a pad that scored zero would win. All sums are of integers, exact in any order.
TEST_P(ClassAttentionTest, integer_scores_are_exact) {
    Random random;
    const Shape &s = shape();
    const std::size_t weights = rows() * s.width;
    q = random.integers(s.batch * rows(), 0, 1);
    x = random.integers(static_cast<std::size_t>(s.batch) * s.tokens * s.width, 1, 2);
    key_rows = random.integers(weights, -1, 0);
    value_rows = random.integers(weights, 0, 2);
    key_bias.assign(rows(), 0.0f);
    value_bias = random.integers(rows(), 0, 3);
    for (std::size_t i = 0; i < q.size(); i++) {
        q[i] = i % s.head_size == 0 ? 128 : 128 * q[i];
    }
    for (std::size_t i = 0; i < weights; i++) {
        if (i % s.width == 0 && i / s.width % s.head_size == 0) key_rows[i] = -3;
    }
    Tiles context(blocks(), s.tokens, padded_heads(), s.batch, padded_heads());
    run(context);

    Comparison comparison("context");
    for_heads([&](int b, int h, const float *, const float *, const reference::Attended &exact) {
        for (int d = 0; d < s.head_size; d++) {
            comparison.add({b, h, d}, exact.context[d], context.at(b, 0, channel(h, d)),
                           (quotient_error + 2 * unit) * exact.context[d]);
        }
    });
}

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

// Devices have no such kernel: they attend to the keys and values of all tokens.
std::vector<Variant> of_processors(std::vector<Variant> variants) {
    std::erase_if(variants, [](const Variant &variant) { return variant.on_device; });
    return variants;
}

INSTANTIATE_TEST_SUITE_P(models, ClassAttentionTest,
                         testing::Combine(testing::ValuesIn(of_processors(default_variants())),
                                          testing::ValuesIn(model_shapes)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(awkward, ClassAttentionTest,
                         testing::Combine(testing::ValuesIn(of_processors(all_variants("class_attention"))),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of);

}  // namespace
}  // namespace vit::test
