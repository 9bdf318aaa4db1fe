// The stage linear against its reference: every epilogue, shape and way to compile it.
#include <climits>
#include <memory>

#include <gtest/gtest.h>

#include "runtime/backend/buffer.h"
#include "tests/cases/activations.h"
#include "tests/reference/linear.h"
#include "tests/support/comparison.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"
#include "tests/support/tiles.h"
#include "tests/support/tolerance.h"

namespace vit::test {
namespace {

struct Shape {
    const char *name;
    int tokens, inputs, outputs, batch;
    int most_tokens = INT_MAX, most_outputs = INT_MAX;  // to compare, of an image

    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths that no vector divides: some end in the first chunk of their last panel, some (45, 109) in its
// last.
const Shape awkward_shapes[] = {
    {"1_token_36_100", 1, 36, 100, 1},
    {"2_tokens_45_36", 2, 45, 36, 1},
    {"5_tokens_100_130_batch_3", 5, 100, 130, 3},
    {"13_tokens_7_1", 13, 7, 1, 1},
    {"197_tokens_36_130", 197, 36, 130, 1},
    {"257_tokens_130_36_batch_3", 257, 130, 36, 3, 40, 36},
    {"577_tokens_109_45", 577, 109, 45, 1},
};

const Shape model_shapes[] = {
    {"vit_ti16_qkv", 197, 192, 576, 1, 32, 64},
    {"vit_b16_fc1", 197, 768, 3072, 3, 32, 64},
    {"vit_b16_fc2", 197, 3072, 768, 1, 32, 64},
    {"vit_l16_proj", 197, 1024, 1024, 1, 32, 64},
    {"vit_l16_fc2", 197, 4096, 1024, 1, 32, 64},
    {"vit_h14_qkv", 257, 1280, 3840, 1, 32, 64},
    {"vit_h14_fc1", 257, 1280, 5120, 1, 32, 64},
};

// A layer's buffers, filled, with the row-major values they came from.
struct Layer {
    Shape shape;
    std::vector<float> x_rows, weight_rows, bias_values, residual_rows;
    Tiles x, residual, y;
    Panels weights;
    Floats bias;

    Layer(const Variant &variant, const Shape &shape, std::vector<float> x_values,
          std::vector<float> weight_values, std::vector<float> biases, std::vector<float> residual_values)
        : shape(shape),
          x_rows(std::move(x_values)),
          weight_rows(std::move(weight_values)),
          bias_values(std::move(biases)),
          residual_rows(std::move(residual_values)),
          x(variant.blocks, shape.tokens, shape.inputs, shape.batch),
          residual(variant.blocks, shape.tokens, shape.outputs, shape.batch),
          y(variant.blocks, shape.tokens, shape.outputs, shape.batch),
          weights(variant.blocks, weight_rows, shape.inputs, shape.outputs),
          bias(padded(variant.blocks, bias_values)) {
        x.fill(x_rows, garbage, garbage);  // the weights of padded channels are zero
        residual.fill(residual_rows, garbage, 0);
    }

    static Layer random(const Variant &variant, const Shape &shape) {
        Random random;
        return Layer::random(variant, shape, random);
    }

    static Layer random(const Variant &variant, const Shape &shape, Random &random) {
        const float weight =
            1.7f / std::sqrt(static_cast<float>(shape.inputs));  // products of about unit variance
        const std::size_t tokens = static_cast<std::size_t>(shape.batch) * shape.tokens;
        auto x = random.uniforms(tokens * shape.inputs, -1.7f, 1.7f);
        auto weights =
            random.uniforms(static_cast<std::size_t>(shape.outputs) * shape.inputs, -weight, weight);
        auto bias = random.uniforms(shape.outputs, -1, 1);
        auto residual = random.uniforms(tokens * shape.outputs, -2, 2);
        return {variant, shape, std::move(x), std::move(weights), std::move(bias), std::move(residual)};
    }

    // Every product and every sum is an integer below 2^24, so float32 is exact in any order.
    static Layer integers(const Variant &variant, const Shape &shape) {
        Random random;
        const std::size_t tokens = static_cast<std::size_t>(shape.batch) * shape.tokens;
        auto x = random.integers(tokens * shape.inputs, -8, 8);
        auto weights = random.integers(static_cast<std::size_t>(shape.outputs) * shape.inputs, -8, 8);
        auto bias = random.integers(shape.outputs, -100, 100);
        auto residual = random.integers(tokens * shape.outputs, -1000, 1000);
        return {variant, shape, std::move(x), std::move(weights), std::move(bias), std::move(residual)};
    }

    FloatView<4> view(Tiles &tiles) const {
        return FloatView<4>(tiles.values.data(),
                            {x.blocks.lanes, x.blocks.token_tile, tiles.chunks, tiles.tiles * tiles.batch});
    }

    void run(const Variant &variant, const std::string &name) {
        const auto kernel = kernel_of(variant, name);
        FloatView<3> weights_view(weights.values.data(), {x.blocks.panel, weights.inputs, weights.panels});
        FloatView<1> bias_view(bias.data(), {weights.outputs()});
        kernel(view(x), weights_view, bias_view, view(y));
    }

    void run_residual(const Variant &variant, const char *name, Tiles &from, Tiles &to) {
        const auto kernel = kernel_of(variant, name);
        FloatView<3> weights_view(weights.values.data(), {x.blocks.panel, weights.inputs, weights.panels});
        FloatView<1> bias_view(bias.data(), {weights.outputs()});
        kernel(view(x), weights_view, bias_view, view(from), view(to));
    }

    // This layer's weights as gates, those of another as values of the same x: in panels by turns.
    void run_gated(const Variant &variant, const std::string &name, const Layer &values) {
        const auto by_turns = [](const Floats &gates, const Floats &values, std::size_t block) {
            std::vector<float> both;
            for (std::size_t i = 0; i < gates.size(); i += block) {
                both.insert(both.end(), gates.data() + i, gates.data() + i + block);
                both.insert(both.end(), values.data() + i, values.data() + i + block);
            }
            return both;
        };
        const int panel = x.blocks.panel;
        Floats both(by_turns(weights.values, values.weights.values,
                             static_cast<std::size_t>(weights.inputs) * panel));
        Floats biases(by_turns(bias, values.bias, panel));
        FloatView<3> weights_view(both.data(), {panel, weights.inputs, 2 * weights.panels});
        FloatView<1> bias_view(biases.data(), {2 * weights.outputs()});
        kernel_of(variant, name)(view(x), weights_view, bias_view, view(y));
    }

    const float *x_row(int b, int t) const {
        return &x_rows[(static_cast<std::size_t>(b) * shape.tokens + t) * shape.inputs];
    }
    const float *weight_row(int c) const { return &weight_rows[static_cast<std::size_t>(c) * shape.inputs]; }
    float residual_at(int b, int t, int c) const {
        return residual_rows[(static_cast<std::size_t>(b) * shape.tokens + t) * shape.outputs + c];
    }
    double z(int b, int t, int c) const {
        return reference::linear(x_row(b, t), weight_row(c), bias_values[c], shape.inputs);
    }
    double z_magnitude(int b, int t, int c) const {
        return reference::linear_magnitude(x_row(b, t), weight_row(c), bias_values[c], shape.inputs);
    }
    double z_tolerance(int b, int t, int c) const {
        return sum_error(shape.inputs + 1) * z_magnitude(b, t, c);
    }

    template<typename Visit>
    void for_compared(Visit visit) const {
        Random random;
        for (int b = 0; b < shape.batch; b++) {
            for (const int t : random.sample(shape.tokens, shape.most_tokens)) {
                for (const int c : random.sample(shape.outputs, shape.most_outputs)) visit(b, t, c);
            }
        }
    }
};

class LinearTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    const Variant &variant() const { return std::get<0>(GetParam()); }
    const Shape &shape() const { return std::get<1>(GetParam()); }

    // The library has two, each with a schedule of its own; in process they are one.
    std::vector<const char *> residual_kernels() const {
        if (variant().backend) return {"linear/proj", "linear/fc2"};
        return {"linear/proj"};
    }
};

class LinearActivationTest : public LinearTest {};

TEST_P(LinearActivationTest, each) {
    for (const KnownActivation &activation : known_activations) {
        if (activation.gated) continue;
        SCOPED_TRACE(activation.name);
        Layer layer = Layer::random(variant(), shape());
        layer.run(variant(), "linear/fc1/" + std::string(activation.name));
        Comparison comparison(activation.name);
        layer.for_compared([&](int b, int t, int c) {
            const double z = layer.z(b, t, c);
            comparison.add({b, t, c}, activation.exact(z), layer.y.at(b, t, c),
                           activation.tolerance(z, layer.z_tolerance(b, t, c)));
        });
        layer.y.expect_finite();
        layer.y.expect_zero_channel_pads();
    }
}

class LinearGatedTest : public LinearTest {};

TEST_P(LinearGatedTest, each) {
    for (const KnownActivation &activation : known_activations) {
        if (!activation.gated) continue;
        SCOPED_TRACE(activation.name);
        Random random;
        Layer gates = Layer::random(variant(), shape(), random);
        Layer values = Layer::random(variant(), shape(), random);
        values.x_rows = gates.x_rows;
        gates.run_gated(variant(), "linear/fc1/" + std::string(activation.name), values);
        Comparison comparison(activation.name);
        gates.for_compared([&](int b, int t, int c) {
            const double gate = gates.z(b, t, c), value = values.z(b, t, c);
            comparison.add({b, t, c}, activation.exact(gate) * value, gates.y.at(b, t, c),
                           activation.gated_tolerance(gate, gates.z_tolerance(b, t, c), value,
                                                      values.z_tolerance(b, t, c)));
        });
        gates.y.expect_finite();
        gates.y.expect_zero_channel_pads();
    }
}

TEST_P(LinearTest, none) {
    Layer layer = Layer::random(variant(), shape());
    layer.run(variant(), "linear/qkv");
    Comparison comparison("y");
    layer.for_compared([&](int b, int t, int c) {
        comparison.add({b, t, c}, layer.z(b, t, c), layer.y.at(b, t, c),
                       layer.z_tolerance(b, t, c));
    });
    layer.y.expect_finite();
    layer.y.expect_zero_channel_pads();
}

TEST_P(LinearTest, residual) {
    for (const char *name : residual_kernels()) {
        Layer layer = Layer::random(variant(), shape());
        layer.run_residual(variant(), name, layer.residual, layer.y);
        Comparison comparison("y");
        layer.for_compared([&](int b, int t, int c) {
            const double residual = layer.residual_at(b, t, c);
            comparison.add({b, t, c}, layer.z(b, t, c) + residual, layer.y.at(b, t, c),
                           sum_error(shape().inputs + 2) *
                               (layer.z_magnitude(b, t, c) + std::abs(residual)));
        });
        layer.y.expect_finite();
        layer.y.expect_zero_channel_pads();
    }
}

TEST_P(LinearTest, integers_are_exact) {
    Layer layer = Layer::integers(variant(), shape());
    layer.run(variant(), "linear/qkv");
    Comparison comparison("y");
    layer.for_compared([&](int b, int t, int c) {
        comparison.add({b, t, c}, layer.z(b, t, c), layer.y.at(b, t, c), 0);
    });
}

// The forward pass adds to the residual stream where it lies. A tile that were computed twice would be
// added twice.
TEST_P(LinearTest, integers_are_exact_in_place) {
    for (const char *name : residual_kernels()) {
        Layer layer = Layer::integers(variant(), shape());
        layer.run_residual(variant(), name, layer.residual, layer.residual);
        Comparison comparison("y, which is the residual");
        layer.for_compared([&](int b, int t, int c) {
            comparison.add({b, t, c}, layer.z(b, t, c) + layer.residual_at(b, t, c),
                           layer.residual.at(b, t, c), 0);
        });
        layer.residual.expect_zero_channel_pads();
    }
}

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

auto models() {
    return testing::Combine(testing::ValuesIn(default_variants_and_few()), testing::ValuesIn(model_shapes));
}

auto awkward(const std::vector<Variant> &variants) {
    return testing::Combine(testing::ValuesIn(variants), testing::ValuesIn(awkward_shapes));
}

INSTANTIATE_TEST_SUITE_P(models, LinearTest, models(), name_of);
INSTANTIATE_TEST_SUITE_P(models, LinearActivationTest, models(), name_of);
INSTANTIATE_TEST_SUITE_P(defaults, LinearTest, awkward(default_variants_and_few()), name_of);
INSTANTIATE_TEST_SUITE_P(defaults, LinearActivationTest, awkward(default_variants_and_few()), name_of);
INSTANTIATE_TEST_SUITE_P(corners, LinearTest, awkward(tuning_corners("linear")), name_of);
INSTANTIATE_TEST_SUITE_P(corners, LinearActivationTest, awkward(tuning_corners("linear")), name_of);
INSTANTIATE_TEST_SUITE_P(layouts, LinearTest, awkward(other_layouts()), name_of);
INSTANTIATE_TEST_SUITE_P(models, LinearGatedTest, models(), name_of);
INSTANTIATE_TEST_SUITE_P(defaults, LinearGatedTest, awkward(default_variants_and_few()), name_of);
INSTANTIATE_TEST_SUITE_P(corners, LinearGatedTest, awkward(tuning_corners("linear")), name_of);
INSTANTIATE_TEST_SUITE_P(layouts, LinearGatedTest, awkward(other_layouts()), name_of);

}  // namespace
}  // namespace vit::test
