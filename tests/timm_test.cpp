// What timm saves, and what of it is read. That it gives timm's answers, golden_test and model_test show.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/checkpoint/ecosystem.h"
#include "runtime/checkpoint/namings/timm_architectures.h"
#include "tests/support/expect_error.h"
#include "tests/support/saved_families.h"

namespace vit::test {
namespace {

using Json = nlohmann::json;

Result<Checkpoint> read_changed(const Change &change) {
    return read_saved(changed(timm_model(small_architecture()), change));
}

// The architecture that a name stands for, with nothing else said.
Result<Architecture> of_name(std::string_view name) {
    const TemporaryDirectory directory;
    SavedModel model;
    model.config = {{"architecture", name}, {"pretrained_cfg", Json::object()}};
    model.write(directory);
    const DirectoryFiles files_of_it(directory.path());
    VIT_TRY_ASSIGN(CheckpointDirectory opened, CheckpointDirectory::open(files_of_it));
    Checkpoint checkpoint;
    for (const Ecosystem &ecosystem : ecosystems()) {
        if (std::string(ecosystem.name) != "timm") continue;
        VIT_TRY(ecosystem.describe(opened, checkpoint));
    }
    return checkpoint.architecture;
}

TEST(Timm, a_name_stands_for_an_architecture) {
    struct Row {
        const char *name;
        int width, depth, heads, mlp_width, patch, prefix, positioned;
        bool qkv_bias, layer_scale;
        Activation activation;
        Feature feature;
    };
    constexpr Feature token = Feature::class_token, mean = Feature::patch_mean;
    constexpr Activation gelu = Activation::gelu_erf;
    for (const Row &row : {
             Row{"vit_base_patch16_224", 768, 12, 12, 3072, 16, 1, 1, true, false, gelu, token},
             Row{"vit_tiny_patch16_224", 192, 12, 3, 768, 16, 1, 1, true, false, gelu, token},
             Row{"deit3_small_patch16_224", 384, 12, 6, 1536, 16, 1, 0, true, true, gelu, token},
             Row{"vit_base_patch16_gap_224", 768, 12, 16, 3072, 16, 0, 0, true, false, gelu, mean},
             Row{"vit_medium_patch16_gap_240", 512, 12, 8, 2048, 16, 0, 0, false, true, gelu, mean},
             Row{"vit_so150m_patch16_reg4_gap_256", 896, 18, 14, 2304, 16, 4, 4, true, false, gelu, mean},
             Row{"vit_little_patch16_reg4_gap_256", 320, 14, 5, 1792, 16, 4, 0, true, true, gelu, mean},
             Row{"vit_giant_patch14_reg4_dinov2", 1536, 40, 24, 4096, 14, 5, 0, true, true,
                 Activation::silu_gated, token},
             Row{"vit_giantopt_patch16_siglip_gap_256", 1536, 40, 16, 6144, 16, 0, 0, true, false,
                 Activation::gelu_tanh, mean},
             Row{"vit_base_patch16_224_miil", 768, 12, 12, 3072, 16, 1, 1, false, false, gelu, token},
             Row{"vit_giant_patch14_224", 1408, 40, 16, 6144, 14, 1, 1, true, false, gelu, token},
             Row{"eva_large_patch14_196", 1024, 24, 16, 4096, 14, 1, 1, true, false, gelu, mean},
         }) {
        SCOPED_TRACE(row.name);
        const Result<Architecture> a = of_name(row.name);
        ASSERT_TRUE(a) << a.error().message;
        EXPECT_EQ(a->width, row.width);
        EXPECT_EQ(a->depth, row.depth);
        EXPECT_EQ(a->heads, row.heads);
        EXPECT_EQ(a->mlp_width, row.mlp_width);
        EXPECT_EQ(a->patch_height, row.patch);
        EXPECT_EQ(a->prefix.tokens(), row.prefix);
        EXPECT_EQ(a->prefix.positioned, row.positioned);
        EXPECT_EQ(a->qkv_bias, row.qkv_bias);
        EXPECT_EQ(a->layer_scale, row.layer_scale);
        EXPECT_EQ(a->activation, row.activation);
        EXPECT_EQ(a->pooling.features, std::vector{row.feature});
        EXPECT_EQ(a->layer_norm_epsilon, 1e-6f);
        EXPECT_EQ(a->image_height, 224);
        EXPECT_EQ(a->labels, 1000);
    }
    const Result<Architecture> distilled = of_name("deit_base_distilled_patch16_384");
    ASSERT_TRUE(distilled) << distilled.error().message;
    EXPECT_TRUE(distilled->prefix.distillation_token && distilled->pooling.head_of_each);
    EXPECT_EQ(distilled->prefix.positioned, 2);
    EXPECT_EQ(distilled->pooling.features,
              (std::vector{Feature::class_token, Feature::distillation_token}));
}

TEST(Timm, names_of_other_networks_are_refused_with_what_they_have) {
    for (const auto &[name, has] : {
             std::pair{"vit_base_patch16_clip_224", "pre_norm is true: a LayerNorm before the blocks"},
             {"vit_large_patch14_xp_224", "block_fn is 'ParallelScalingBlock'"},
             {"vit_base_patch16_rpn_224", "block_fn is 'ResPostBlock'"},
             {"vit_small_patch16_18x2_224", "block_fn is 'ParallelThingsBlock'"},
             {"vit_dpwee_patch16_reg1_gap_256", "block_fn is 'DiffParallelScalingBlock'"},
             {"vit_dwee_patch16_reg1_gap_256", "attn_layer is 'diff'"},
             {"vit_base_patch16_siglip_224", "global_pool is 'map'"},
             {"test_vit3", "pool_include_prefix is true"},
             {"test_vit4", "norm_layer is 'rmsnorm'"},
             {"beit3_base_patch16_224", "scale_attn_norm is true"},
             {"aimv2_large_patch14_224", "mlp_layer is 'SwiGLU'"},
             {"vit_intern300m_patch14_448", "final_norm is false"},
             {"resnet50", "none of timm's plain ViTs"},
             {"swin_tiny_patch4_window7_224", "none of timm's plain ViTs"},
             {"vit_tiny_patch16_224.augreg_in21k", "none of timm's plain ViTs"},
             {"", "none of timm's plain ViTs"},
         }) {
        SCOPED_TRACE(name);
        expect_error(of_name(name), ErrorCode::unsupported, {"config.json: architecture", name, has});
    }
}

// Every kind of network that is read: each of its tensors is needed, with its shape and its values.
TEST(Timm, misses_every_tensor) {
    Architecture registers = small_architecture();
    registers.prefix = {.registers = 3, .positioned = 4};
    Architecture scaled = small_architecture();
    scaled.prefix.positioned = 0;
    scaled.layer_scale = true;
    Architecture mean = small_architecture();
    mean.prefix = {.class_token = false, .registers = 2, .positioned = 0};
    mean.pooling = {.features = {Feature::patch_mean}, .norm_last = true};
    mean.qkv_bias = false;
    Architecture distilled = small_architecture();
    distilled.prefix = {.distillation_token = true, .positioned = 2};
    distilled.pooling.head_of_each = true;
    Architecture gated = small_architecture();
    gated.activation = Activation::silu_gated;
    const std::pair<Architecture, Change> kinds[] = {
        {small_architecture(), [](SavedModel &) {}},
        {registers, set("/model_args/reg_tokens", 3)},
        {scaled,
         [](SavedModel &model) {
             set("/architecture", "deit3_small_patch16_224")(model);
         }},
        {mean,
         [](SavedModel &model) {
             model.config["model_args"].update({{"class_token", false},
                                                {"reg_tokens", 2},
                                                {"no_embed_class", true},
                                                {"global_pool", "avg"},
                                                {"qkv_bias", false}});
         }},
        {distilled, set("/architecture", "deit_tiny_distilled_patch16_224")},
        {gated,
         [](SavedModel &model) {
             set("/architecture", "vit_giant_patch14_dinov2")(model);
             set("/model_args/init_values", nullptr)(model);
         }},
    };
    for (const auto &[architecture, change] : kinds) {
        SavedModel good = timm_model(architecture);
        change(good);
        const Result<Checkpoint> whole = read_saved(good);
        ASSERT_TRUE(whole) << whole.error().message;
        for (const NamedTensor &tensor : good.tensors) {
            SCOPED_TRACE(tensor.name);
            SavedModel model = good;
            model.erase(tensor.name);
            // Without its norm after pooling, a model is taken for one that has it before.
            const bool decides = tensor.name == "fc_norm.weight";
            expect_error(read_saved(model), ErrorCode::tensor,
                         {"model.safetensors", decides ? "norm.weight" : tensor.name, "missing"});

            model = good;
            model.tensor(tensor.name).shape.push_back(1);
            expect_error(read_saved(model), ErrorCode::tensor, {"model.safetensors", tensor.name, "shape"});

            model = good;
            model.tensor(tensor.name).values.back() = NAN;
            expect_error(read_saved(model), ErrorCode::tensor, {"model.safetensors", tensor.name, "NaN"});
        }
    }
}

TEST(Timm, arguments_override_those_of_the_architecture) {
    SavedModel model = timm_model(small_architecture());
    set("/architecture", "vit_giantopt_patch16_siglip_gap_256")(model);  // no class token, mean, gelu_tanh
    model.config["model_args"].update(
        {{"class_token", true}, {"global_pool", "token"}, {"act_layer", "QUICK_gelu"}});
    Result<Checkpoint> checkpoint = read_saved(model);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->architecture.activation, Activation::quick_gelu);
    EXPECT_EQ(checkpoint->architecture.pooling.features, std::vector{Feature::class_token});
    EXPECT_EQ(checkpoint->architecture.heads, 5);

    model.config["model_args"]["act_layer"] = nullptr;  // null, too, overrides
    checkpoint = read_saved(model);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->architecture.activation, Activation::gelu_erf);
}

TEST(Timm, the_last_norm_may_come_after_pooling) {
    const Change after = [](SavedModel &model) {
        model.rename("norm.weight", "fc_norm.weight");
        model.rename("norm.bias", "fc_norm.bias");
    };
    for (const bool mean : {false, true}) {
        SavedModel model = timm_model(small_architecture());
        model.config["model_args"][mean ? "global_pool" : "fc_norm"] = mean ? Json("avg") : Json(true);
        const Result<Checkpoint> before = read_saved(model);
        ASSERT_TRUE(before) << before.error().message;
        EXPECT_FALSE(before->architecture.pooling.norm_last);
        const Result<Checkpoint> last = read_saved(changed(model, after));
        ASSERT_TRUE(last) << last.error().message;
        EXPECT_TRUE(last->architecture.pooling.norm_last);
    }
}

TEST(Timm, layer_scale_has_two_names) {
    Architecture a = small_architecture();
    a.layer_scale = true;
    SavedModel model = timm_model(a);
    model.config["model_args"]["init_values"] = 1e-4;
    for (int i = 0; i < a.depth; i++) {
        const std::string block = "blocks." + std::to_string(i) + ".";
        model.rename(block + "ls1.gamma", block + "gamma_1");
        model.rename(block + "ls2.gamma", block + "gamma_2");
    }
    const Result<Checkpoint> checkpoint = read_saved(model);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->tensor(Slot::scale2, 1).name, "blocks.1.gamma_2");
}

TEST(Timm, labels_are_described_or_named_or_numbered) {
    using Labels = std::vector<std::string>;
    const std::pair<Change, Labels> cases[] = {
        {[](SavedModel &) {}, {"LABEL_0", "LABEL_1", "LABEL_2"}},
        {[](SavedModel &model) {
             model.config["label_names"] = {"a", "b", "c"};
         },
         {"a", "b", "c"}},
        {[](SavedModel &model) {
             model.config["label_names"] = {{"2", "c"}, {"0", "a"}};
         },
         {"a", "LABEL_1", "c"}},
        {[](SavedModel &model) {
             model.config["label_names"] = {"a", "b", "c"};
             model.config["label_descriptions"] = {{"a", "ant"}, {"c", "cat"}, {"d", "dog"}};
         },
         {"ant", "b", "cat"}},
        {set("/pretrained_cfg/label_names", {"a", "b", "c"}), {"a", "b", "c"}},
        {[](SavedModel &model) {  // all in one object
             Json old = model.config["pretrained_cfg"];
             old["architecture"] = "vit_tiny_patch16_224";
             old["num_classes"] = 3;
             old["labels"] = {"x", "y", "z"};
             old["model_args"] = model.config["model_args"];
             model.config = old;
         },
         {"x", "y", "z"}},
    };
    for (const auto &[change, labels] : cases) {
        const Result<Checkpoint> checkpoint = read_changed(change);
        ASSERT_TRUE(checkpoint) << checkpoint.error().message;
        EXPECT_EQ(checkpoint->labels, labels);
    }
}

TEST(Timm, pictures_become_what_the_configuration_says) {
    const auto preprocessing_of = [](const Change &change) {
        const Result<Checkpoint> checkpoint = read_changed(change);
        EXPECT_TRUE(checkpoint) << checkpoint.error().message;
        return checkpoint ? checkpoint->preprocessing : Preprocessing{};
    };
    const Preprocessing usual = preprocessing_of([](SavedModel &) {});
    EXPECT_EQ(usual.resize, Resize::cover);  // 12 x 8: not square
    EXPECT_EQ(usual.height, 13);             // 12 / 0.875 = 13.7
    EXPECT_EQ(usual.width, 9);               // 8 / 0.875 = 9.1
    EXPECT_EQ(usual.filter, Filter::bicubic);
    EXPECT_EQ(usual.crop_height, 12);
    EXPECT_EQ(usual.crop_width, 8);
    EXPECT_EQ(usual.remainder, Remainder::half_to_even);
    EXPECT_EQ(usual.mean, (std::array{0.485, 0.456, 0.406}));
    EXPECT_EQ(usual.std, (std::array{0.229, 0.224, 0.225}));
    EXPECT_EQ(usual.fill, (std::array{0, 0, 0}));
    EXPECT_EQ(preprocessing_of(set("/pretrained_cfg/crop_mode", "squash")).resize, Resize::squash);
    EXPECT_EQ(preprocessing_of(set("/pretrained_cfg/crop_mode", "anything")).resize, Resize::cover);
    EXPECT_EQ(preprocessing_of(set("/pretrained_cfg/interpolation", "lanczos")).filter, Filter::lanczos);
    const Preprocessing border = preprocessing_of([](SavedModel &model) {
        model.config["pretrained_cfg"].update({{"crop_mode", "border"}, {"mean", {0.5, 0.25, 1}}});
    });
    EXPECT_EQ(border.resize, Resize::contain);
    EXPECT_EQ(border.fill, (std::array{128, 64, 255}));  // 127.5 is rounded to the even number
    // A picture of the model's own size has precedence.
    const Preprocessing sized = preprocessing_of([](SavedModel &model) {
        model.config["model_args"]["img_size"] = {12, 8};
        model.config["pretrained_cfg"]["input_size"] = {3, 99, 99};
    });
    EXPECT_EQ(sized.crop_height, 12);
}

}  // namespace
}  // namespace vit::test
