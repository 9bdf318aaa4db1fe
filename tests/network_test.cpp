// Every part that an architecture can have, alone and together, on every backend: random weights against the
// reference in double precision, which has nothing in common with packing, folds and kernels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/checkpoint/random_checkpoint.h"
#include "runtime/network/architecture.h"
#include "tests/support/backends.h"
#include "tests/support/golden.h"
#include "tests/support/random.h"
#include "tests/support/reference_vit.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

// Sizes that no block divides.
Architecture plain() {
    Architecture a;
    a.name = "plain";
    a.image_height = 15, a.image_width = 22;
    a.patch_height = 5, a.patch_width = 4;
    a.width = 44, a.depth = 2, a.heads = 4, a.mlp_width = 53, a.labels = 21;
    a.layer_norm_epsilon = 1e-6f;
    return a;
}

Architecture with(std::string name, void (*change)(Architecture &)) {
    Architecture a = plain();
    a.name = std::move(name);
    change(a);
    return a;
}

std::vector<Architecture> architectures() {
    std::vector<Architecture> all{
        plain(),
        with("no_qkv_bias", [](Architecture &a) { a.qkv_bias = false; }),
        with("layer_scale", [](Architecture &a) { a.layer_scale = true; }),
        with("class_token_without_position", [](Architecture &a) { a.prefix.positioned = 0; }),
        with("registers", [](Architecture &a) { a.prefix.registers = 3; }),
        with("registers_with_positions",
             [](Architecture &a) { a.prefix.registers = 9, a.prefix.positioned = 10; }),
        with("distilled",
             [](Architecture &a) {
                 a.prefix.distillation_token = true, a.prefix.positioned = 2;
                 a.pooling.features = {Feature::class_token, Feature::distillation_token};
                 a.pooling.head_of_each = true;
             }),
        with("distilled_read_by_class_token",
             [](Architecture &a) { a.prefix.distillation_token = true, a.prefix.positioned = 2; }),
        with("distillation_token_alone",
             [](Architecture &a) {
                 a.prefix.distillation_token = true, a.prefix.positioned = 2;
                 a.pooling.features = {Feature::distillation_token};
             }),
        with("mean",
             [](Architecture &a) {
                 a.prefix = {.class_token = false, .positioned = 0};
                 a.pooling.features = {Feature::patch_mean};
             }),
        with("mean_norm_last",
             [](Architecture &a) {
                 a.prefix.registers = 4;
                 a.pooling.features = {Feature::patch_mean};
                 a.pooling.norm_last = true;
             }),
        with("class_token_and_mean",
             [](Architecture &a) {
                 a.prefix.registers = 1;
                 a.pooling.features = {Feature::class_token, Feature::patch_mean};
             }),
        with("class_token_norm_last", [](Architecture &a) { a.pooling.norm_last = true; }),
        with("all_together",
             [](Architecture &a) {
                 a.prefix = {true, true, 7, 2};
                 a.pooling.features = {Feature::class_token, Feature::patch_mean,
                                       Feature::distillation_token};
                 a.pooling.head_of_each = a.pooling.norm_last = true;
                 a.layer_scale = true;
                 a.activation = Activation::silu_gated;
             }),
    };
    for (const char *name : activation_names) {
        Architecture a = plain();
        a.name = name;
        a.activation = *value_named<Activation>(name);
        all.push_back(std::move(a));
    }
    return all;
}

class NetworkTest : public testing::TestWithParam<std::tuple<Architecture, std::string>> {};

TEST_P(NetworkTest, logits_are_those_of_the_reference) {
    const auto &[a, backend] = GetParam();
    Random random;
    const auto seed = static_cast<std::uint64_t>(random.integer(1, 1 << 30));
    const auto checkpoint = random_checkpoint(a, seed);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    const auto model = Model::random(a, seed, {.backend = backend});
    ASSERT_TRUE(model) << model.error().message;
    constexpr int batch = 3;
    auto session = Session::create(*model, {.threads = 2, .max_batch = batch});
    ASSERT_TRUE(session) << session.error().message;
    const std::size_t image = static_cast<std::size_t>(a.channels) * a.image_height * a.image_width;
    const std::vector<float> pixels = random.uniforms(batch * image, -2, 2);
    std::vector<float> logits(static_cast<std::size_t>(batch) * a.labels, NAN);
    const Result<void> done = session->forward(pixels.data(), batch, logits.data());
    ASSERT_TRUE(done) << done.error().message;

    const reference::VisionTransformer vit = reference_vit(*checkpoint);
    for (int b = 0; b < batch; b++) {
        const std::vector<double> exact = reference::logits(vit, &pixels[b * image]);
        const std::vector<float> rounded(exact.begin(), exact.end());
        const double tolerance = logit_tolerance(rounded.data(), a.labels);
        for (int n = 0; n < a.labels; n++) {
            EXPECT_NEAR(logits[static_cast<std::size_t>(b) * a.labels + n], exact[n], tolerance)
                << "image " << b << ", label " << n;
        }
    }
}

// What is counted from the list of slots is what there is.
TEST_P(NetworkTest, parameters_are_those_of_the_checkpoint) {
    const Architecture &a = std::get<0>(GetParam());
    const auto checkpoint = random_checkpoint(a, 1);
    ASSERT_TRUE(checkpoint);
    std::int64_t values = 0;
    for (const auto &[slot, tensor] : checkpoint->tensors) values += test::values(tensor).size();
    EXPECT_EQ(parameters(a), values);
}

INSTANTIATE_TEST_SUITE_P(parts, NetworkTest,
                         testing::Combine(testing::ValuesIn(architectures()),
                                          testing::ValuesIn(tested_backends())),
                         [](const auto &tested) {
                             std::string name = std::get<0>(tested.param).name;
                             name += "_" + std::get<1>(tested.param);
                             for (char &c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                             return name;
                         });

TEST(Architecture, ContradictionsAreRefused) {
    const auto refusal = [](void (*change)(Architecture &)) {
        Architecture a = plain();
        change(a);
        const Result<void> possible = check(a);
        return possible ? std::string() : possible.error().message;
    };
    using testing::HasSubstr;
    EXPECT_EQ(refusal([](Architecture &) {}), "");
    EXPECT_THAT(refusal([](Architecture &a) { a.prefix.positioned = 2; }), HasSubstr("there are 1"));
    EXPECT_THAT(refusal([](Architecture &a) { a.pooling.features = {}; }), HasSubstr("sees nothing"));
    EXPECT_THAT(refusal([](Architecture &a) { a.pooling.features = {Feature::distillation_token}; }),
                HasSubstr("distillation_token, which is not there"));
    EXPECT_THAT(refusal([](Architecture &a) { a.prefix.class_token = false, a.prefix.positioned = 0; }),
                HasSubstr("class_token, which is not there"));
    EXPECT_THAT(refusal([](Architecture &a) { a.prefix.registers = -1; }), HasSubstr("registers is -1"));
    EXPECT_THAT(refusal([](Architecture &a) { a.layer_norm_epsilon = NAN; }),
                HasSubstr("layer_norm_epsilon is nan"));
    EXPECT_THAT(refusal([](Architecture &a) { a.width = 45; }), HasSubstr("no multiple of heads"));
}

}  // namespace
}  // namespace vit::test
