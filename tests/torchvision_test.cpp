// What torchvision's models are, told by their tensors and a few words, or refused in a sentence. That what
// is read gives torchvision's answers, golden_test and model_test show.
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/checkpoint/checkpoint.h"
#include "tests/support/expect_error.h"
#include "tests/support/saved_families.h"

namespace vit::test {
namespace {

using Json = nlohmann::json;

Architecture tiny() {
    Architecture a;
    a.image_height = a.image_width = 12;
    a.patch_height = a.patch_width = 4;
    a.width = 10;
    a.depth = 2;
    a.heads = 5;
    a.mlp_width = 15;
    a.labels = 3;
    return a;
}

// As large as published ones, but for the MLP, which tells nothing.
Architecture published(int width, int depth, int patch, int image) {
    Architecture a;
    a.image_height = a.image_width = image;
    a.patch_height = a.patch_width = patch;
    a.width = width;
    a.depth = depth;
    a.mlp_width = 1;
    return a;
}

TEST(Torchvision, misses_every_tensor) {
    for (const bool old_names : {false, true}) {
        const SavedModel good = torchvision_model(tiny(), old_names);
        const Result<Checkpoint> whole = read_saved(good);
        ASSERT_TRUE(whole) << whole.error().message;
        EXPECT_EQ(whole->architecture.heads, 5);
        EXPECT_EQ(whole->architecture.depth, 2);
        EXPECT_EQ(whole->architecture.mlp_width, 15);
        EXPECT_EQ(whole->architecture.image_width, 12);
        EXPECT_EQ(whole->architecture.layer_norm_epsilon, 1e-6f);
        EXPECT_EQ(whole->labels, (std::vector<std::string>{"LABEL_0", "LABEL_1", "LABEL_2"}));
        EXPECT_EQ(whole->preprocessing.shortest_edge, 256);
        EXPECT_EQ(whole->preprocessing.filter, Filter::bilinear);
        for (const NamedTensor &tensor : good.tensors) {
            SCOPED_TRACE(tensor.name);
            SavedModel model = good;
            model.erase(tensor.name);
            // The first layer's name tells which names there are.
            const std::string missing =
                tensor.name.ends_with("_0.mlp.linear_1.weight")
                    ? "encoder.layers.encoder_layer_0.mlp.0.weight"
                    : tensor.name;
            expect_error(read_saved(model), ErrorCode::tensor, {"model.safetensors", missing, "missing"});

            model = good;
            model.tensor(tensor.name).shape.push_back(1);
            expect_error(read_saved(model), ErrorCode::tensor, {"model.safetensors", tensor.name, "shape"});

            model = good;
            model.tensor(tensor.name).values.back() = NAN;
            expect_error(read_saved(model), ErrorCode::tensor, {"model.safetensors", tensor.name, "NaN"});
        }
    }
}

TEST(Torchvision, sizes_tell_which_published_weights_these_are) {
    SavedModel model = torchvision_model(published(768, 12, 32, 224));
    model.config = nullptr;
    Result<Checkpoint> checkpoint = read_saved(model);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->architecture.heads, 12);
    EXPECT_EQ(checkpoint->preprocessing.resize, Resize::shortest_edge);
    EXPECT_EQ(checkpoint->preprocessing.shortest_edge, 256);
    EXPECT_EQ(checkpoint->preprocessing.crop_height, 224);
    EXPECT_EQ(checkpoint->preprocessing.filter, Filter::bilinear);
    EXPECT_EQ(checkpoint->preprocessing.remainder, Remainder::half_to_even);

    model.config = Json::object();  // which says nothing
    EXPECT_TRUE(read_saved(model));
}

TEST(Torchvision, asks_where_sizes_do_not_tell) {
    SavedModel model = torchvision_model(published(768, 12, 16, 224));
    model.config = nullptr;
    expect_error(read_saved(model), ErrorCode::config,
                 {"/config.json: ", "{\"torchvision\": {\"weights\": \"ViT_B_16_Weights.IMAGENET1K_V1\"",
                  "\"ViT_B_16_Weights.IMAGENET1K_SWAG_LINEAR_V1\"}}"});
    model.config["torchvision"]["weights"] = "ViT_B_16_Weights.IMAGENET1K_SWAG_LINEAR_V1";
    Result<Checkpoint> checkpoint = read_saved(model);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->preprocessing.shortest_edge, 224);
    EXPECT_EQ(checkpoint->preprocessing.filter, Filter::bicubic);

    // What was trained further may see pictures in another way.
    Architecture tuned = published(768, 12, 32, 224);
    tuned.labels = 7;
    model = torchvision_model(tuned);
    model.config = nullptr;
    expect_error(read_saved(model), ErrorCode::config,
                 {"{\"torchvision\": {\"transforms\": {\"crop_size\": 224"});
    model.config["torchvision"]["weights"] = "ViT_B_32_Weights.IMAGENET1K_V1";
    EXPECT_TRUE(read_saved(model));
}

struct Bad {
    const char *what;
    Change change;
    ErrorCode code;
    std::vector<std::string> named;
};

TEST(Torchvision, refuses_what_it_cannot_read) {
    using enum ErrorCode;
    const Bad cases[] = {
        {"heads of nobody",
         [](SavedModel &model) { model.config["torchvision"].erase("num_heads"); },
         config,
         {"torchvision.num_heads", "10 channels"}},
        {"heads that do not divide", set("/torchvision/num_heads", 3), config, {"config.json", "heads"}},
        {"heads in letters", set("/torchvision/num_heads", "5"), config, {"torchvision.num_heads"}},
        {"a list", [](SavedModel &model) { model.config["torchvision"] = {1}; }, config, {"torchvision"}},
        {"an unknown word", set("/torchvision/classes", 3), config, {"torchvision.classes is not known"}},
        {"an unknown step",
         set("/torchvision/transforms/antialias", true),
         config,
         {"transforms.antialias is not known"}},
        {"weights and transforms",
         set("/torchvision/weights", "ViT_B_32_Weights.IMAGENET1K_V1"),
         config,
         {"transforms"}},
        {"weights of another size",
         [](SavedModel &model) {
             model.config["torchvision"] = {{"weights", "ViT_B_32_Weights.IMAGENET1K_V1"}};
         },
         config,
         {"torchvision.weights", "sizes"}},
        {"weights of nobody",
         [](SavedModel &model) {
             model.config["torchvision"] = {{"weights", "ViT_B_32_Weights.DEFAULT"}};
         },
         config,
         {"torchvision.weights", "DEFAULT"}},
        {"transforms that are none", set("/torchvision/transforms", 7), config, {"torchvision.transforms"}},
        {"no crop",
         set("/torchvision/transforms", Json::object()),
         config,
         {"transforms.crop_size is missing"}},
        {"another crop",
         set("/torchvision/transforms/crop_size", 16),
         config,
         {"transforms.crop_size is 16", "12x12"}},
        {"a crop of two sides",
         set("/torchvision/transforms/crop_size", {12, 12}),
         config,
         {"transforms.crop_size"}},
        {"no size", set("/torchvision/transforms/resize_size", 0), config, {"transforms.resize_size"}},
        {"another filter",
         set("/torchvision/transforms/interpolation", "nearest-exact"),
         unsupported,
         {"transforms.interpolation"}},
        {"no deviation", set("/torchvision/transforms/std", {1, 1, 0}), config, {"transforms.std"}},
        {"no heads' layer",
         [](SavedModel &model) { model.erase("heads.head.weight"); },
         tensor,
         {"heads.head.weight", "missing"}},
        {"a layer more",
         [](SavedModel &model) { model.add_linear("heads.pre_logits", 10, 10); },
         tensor,
         {"heads.pre_logits.bias", "not known"}},
        {"a stem of convolutions",
         [](SavedModel &model) { model.rename("conv_proj.weight", "conv_proj.conv_last.weight"); },
         tensor,
         {"conv_proj.weight", "missing"}},
        {"positions of no square",
         [](SavedModel &model) {
             model.tensor("encoder.pos_embedding").shape = {1, 9, 10};
             model.tensor("encoder.pos_embedding").values.resize(90);
         },
         tensor,
         {"encoder.pos_embedding", "9 positions", "square"}},
        {"no positions",
         [](SavedModel &model) {
             model.tensor("encoder.pos_embedding").shape = {1, 0, 10};
             model.tensor("encoder.pos_embedding").values.clear();
         },
         tensor,
         {"encoder.pos_embedding", "[1, 0, 10]"}},
        {"oblong patches",
         [](SavedModel &model) {
             model.tensor("conv_proj.weight").shape = {10, 3, 2, 8};
         },
         unsupported,
         {"conv_proj.weight", "[10, 3, 2, 8]"}},
        {"grey pictures",
         [](SavedModel &model) {
             model.tensor("conv_proj.weight").shape = {30, 1, 4, 4};
         },
         unsupported,
         {"conv_proj.weight", "channels"}},
        {"a block with a number too large",
         [](SavedModel &model) { model.add("encoder.layers.encoder_layer_99999.ln_1.weight", {10}); },
         tensor,
         {"layers"}},
        {"a gap between blocks",
         [](SavedModel &model) { model.add("encoder.layers.encoder_layer_3.ln_1.weight", {10}); },
         tensor,
         {"encoder_layer_2.ln_1.weight", "missing"}},
        {"both generations of names",
         [](SavedModel &model) {
             model.rename("encoder.layers.encoder_layer_1.mlp.0.weight",
                          "encoder.layers.encoder_layer_1.mlp.linear_1.weight");
         },
         tensor,
         {"encoder_layer_1.mlp.0.weight", "missing"}},
    };
    for (const Bad &bad : cases) {
        SCOPED_TRACE(bad.what);
        SavedModel model = torchvision_model(tiny());
        bad.change(model);
        expect_error(read_saved(model), bad.code, bad.named);
    }
}

}  // namespace
}  // namespace vit::test
