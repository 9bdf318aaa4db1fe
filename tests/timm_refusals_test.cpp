// What timm can save and this library cannot compute, and what contradicts itself: refused in a sentence.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/saved_families.h"

namespace vit::test {
namespace {

struct Bad {
    const char *what;
    Change change;
    ErrorCode code;
    std::vector<std::string> named;
};

TEST(Timm, refuses_what_it_cannot_compute) {
    using enum ErrorCode;
    const Bad cases[] = {
        {"a norm before",
         set("/model_args/pre_norm", true),
         unsupported,
         {"model_args.pre_norm is true", "LayerNorm"}},
        {"a truth of another type",
         set("/model_args/qk_norm", 1),
         unsupported,
         {"model_args.qk_norm is 1", "norms of queries"}},
        {"norms within",
         set("/model_args/scale_mlp_norm", true),
         unsupported,
         {"model_args.scale_mlp_norm"}},
        {"no last norm", set("/model_args/final_norm", false), unsupported, {"model_args.final_norm"}},
        {"no biases", set("/model_args/proj_bias", false), unsupported, {"model_args.proj_bias"}},
        {"RMS",
         set("/model_args/norm_layer", "rmsnorm"),
         unsupported,
         {"model_args.norm_layer is 'rmsnorm'"}},
        {"no positions",
         set("/model_args/pos_embed", "none"),
         unsupported,
         {"model_args.pos_embed is 'none'"}},
        {"the mean of all",
         set("/model_args/pool_include_prefix", true),
         unsupported,
         {"model_args.pool_include_prefix"}},
        {"another class", set("/model_args/use_naflex", true), unsupported, {"model_args.use_naflex"}},
        {"no pooling",
         set("/model_args/global_pool", ""),
         unsupported,
         {"model_args.global_pool is ''", "each token"}},
        {"a block",
         set("/model_args/block_fn", "ParallelThingsBlock"),
         unsupported,
         {"model_args.block_fn"}},
        {"a gate without its activation",
         set("/model_args/mlp_layer", "SwiGLUPacked"),
         unsupported,
         {"act_layer", "gated"}},
        {"another attention",
         set("/model_args/attn_layer", "diff"),
         unsupported,
         {"model_args.attn_layer is 'diff'"}},
        {"another pooling than it had",
         set("/global_pool", "avg"),
         config,
         {"config.json: global_pool is 'avg'", "'token'"}},
        {"a norm after pooling that it should not have",
         [](SavedModel &model) {
             model.rename("norm.weight", "fc_norm.weight");
             model.rename("norm.bias", "fc_norm.bias");
         },
         tensor,
         {"'norm.weight'", "missing"}},
        {"a truth in letters", set("/model_args/fc_norm", "yes"), config, {"model_args.fc_norm is 'yes'"}},
        {"another activation",
         set("/model_args/act_layer", "hard_swish"),
         unsupported,
         {"model_args.act_layer is 'hard_swish'"}},
        {"something new", set("/model_args/rope", true), unsupported, {"model_args.rope is not known"}},
        {"a gated GELU",
         [](SavedModel &model) {
             set("/architecture", "vit_giant_patch14_dinov2")(model);
             set("/model_args/act_layer", "gelu")(model);
         },
         unsupported,
         {"model_args.act_layer is 'gelu'", "gated"}},
        {"a null gate",
         [](SavedModel &model) {
             set("/architecture", "vit_giant_patch14_dinov2")(model);
             set("/model_args/act_layer", nullptr)(model);
         },
         unsupported,
         {"model_args.act_layer is null", "gated"}},
        {"token pooling without it",
         set("/model_args/class_token", false),
         config,
         {"class_token is false", "'token'"}},
        {"registers of a distilled one",
         [](SavedModel &model) {
             set("/architecture", "deit_tiny_distilled_patch16_224")(model);
             set("/model_args/reg_tokens", 1)(model);
         },
         unsupported,
         {"reg_tokens is 1", "distilled"}},
        {"the last norm of a distilled one",  // which timm leaves out altogether
         [](SavedModel &model) {
             set("/architecture", "deit_tiny_distilled_patch16_224")(model);
             set("/model_args/fc_norm", true)(model);
         },
         unsupported,
         {"fc_norm is true", "distilled"}},
        {"the mean of a distilled one",
         [](SavedModel &model) {
             set("/architecture", "deit_tiny_distilled_patch16_224")(model);
             set("/model_args/global_pool", "avg")(model);
         },
         unsupported,
         {"global_pool is 'avg'", "distilled"}},
        {"arguments that are none",
         [](SavedModel &model) { model.config["model_args"] = 7; },
         config,
         {"model_args"}},
        {"a list",
         [](SavedModel &model) { model.config["pretrained_cfg"] = {1}; },
         config,
         {"pretrained_cfg"}},
        {"a huge width", set("/model_args/embed_dim", 1e9), config, {"model_args.embed_dim"}},
        {"a width in letters", set("/model_args/embed_dim", "10"), config, {"model_args.embed_dim is '10'"}},
        {"heads that do not divide", set("/model_args/num_heads", 3), config, {"config.json", "heads"}},
        {"null heads", set("/model_args/num_heads", nullptr), config, {"model_args.num_heads is null"}},
        {"no head", set("/model_args/num_heads", 0), config, {"model_args.num_heads is 0"}},
        {"an empty MLP", set("/model_args/mlp_ratio", 0.01), config, {"model_args.mlp_ratio"}},
        {"an odd gate",
         [](SavedModel &model) {
             set("/architecture", "vit_giant_patch14_dinov2")(model);
             set("/model_args/mlp_ratio", 1.5)(model);
         },
         config,
         {"model_args.mlp_ratio"}},
        {"grey pictures", set("/model_args/in_chans", 1), unsupported, {"in_chans is 1"}},
        {"grey pictures, too",
         set("/pretrained_cfg/input_size", {1, 12, 8}),
         unsupported,
         {"in_chans is 1"}},
        {"a size of two", set("/pretrained_cfg/input_size", {12, 8}), config, {"pretrained_cfg.input_size"}},
        {"a size of letters",
         set("/pretrained_cfg/input_size", {3, "12", 8}),
         config,
         {"pretrained_cfg.input_size"}},
        {"pictures of another size than positions",
         [](SavedModel &model) {
             set("/pretrained_cfg/fixed_input_size", false)(model);
             set("/model_args/img_size", 16)(model);
         },
         unsupported,
         {"pretrained_cfg.input_size is 12x8", "16x16"}},
        {"a dynamic size with another grid",
         [](SavedModel &model) {
             set("/model_args/dynamic_img_size", true)(model);
             set("/model_args/img_size", {12, 10})(model);
         },
         unsupported,
         {"input_size is 12x8", "12x10", "resampled"}},
        {"padding",
         [](SavedModel &model) {
             set("/model_args/dynamic_img_pad", true)(model);
             set("/pretrained_cfg/input_size", {3, 13, 8})(model);
         },
         unsupported,
         {"model_args.dynamic_img_pad"}},
        {"more positions",
         set("/model_args/img_size", {12, 12}),
         unsupported,
         {"pos_embed", "13 positions", "19"}},
        {"no picture at all", set("/pretrained_cfg/crop_pct", 50), config, {"pretrained_cfg.crop_pct"}},
        {"a picture larger than any",
         set("/pretrained_cfg/crop_pct", 1e-9),
         config,
         {"pretrained_cfg.crop_pct"}},
        {"a random filter",
         set("/pretrained_cfg/interpolation", "random"),
         unsupported,
         {"pretrained_cfg.interpolation is 'random'"}},
        {"two means", set("/pretrained_cfg/mean", {0.5, 0.5}), config, {"pretrained_cfg.mean"}},
        {"no deviation", set("/pretrained_cfg/std", {0.5, 0, 0.5}), config, {"pretrained_cfg.std"}},
        {"a border of no colour",
         [](SavedModel &model) {
             set("/pretrained_cfg/crop_mode", "border")(model);
             set("/pretrained_cfg/mean", {2, 0, 0})(model);
         },
         config,
         {"pretrained_cfg.mean", "border"}},
        {"an offset", set("/pretrained_cfg/label_offset", 1), unsupported, {"pretrained_cfg.label_offset"}},
        {"two counts of labels",
         set("/model_args/num_classes", 5),
         config,
         {"model_args.num_classes is 5", "3"}},
        {"other labels than the classifier",
         [](SavedModel &model) { model.config["num_classes"] = 5; },
         tensor,
         {"head.weight", "[3, 10]", "[5, 10]"}},
        {"no labels",
         [](SavedModel &model) { model.config["num_classes"] = 0; },
         unsupported,
         {"classifier"}},
        {"no classifier",
         [](SavedModel &model) { model.erase("head.weight"), model.erase("head.bias"); },
         tensor,
         {"head.weight", "without a classifier"}},
        {"too few names",
         [](SavedModel &model) { model.config["label_names"] = {"a"}; },
         config,
         {"label_names"}},
        {"a name for no label",
         [](SavedModel &model) {
             model.config["label_names"] = {{"3", "d"}};
         },
         config,
         {"label_names", "'3'"}},
        {"an odd index",
         [](SavedModel &model) {
             model.config["label_names"] = {{"01", "d"}};
         },
         config,
         {"label_names", "'01'"}},
        {"a name that is none",
         [](SavedModel &model) {
             model.config["label_names"] = {1, 2, 3};
         },
         config,
         {"label_names", "label 0"}},
        {"a description that is none",
         [](SavedModel &model) {
             model.config["label_names"] = {"a", "b", "c"};
             model.config["label_descriptions"] = {{"b", 7}};
         },
         config,
         {"label_descriptions", "'b'"}},
        {"another depth", set("/model_args/depth", 3), tensor, {"2 layers", "depth is 3"}},
        {"another width",
         set("/model_args/embed_dim", 20),
         tensor,
         {"cls_token", "[1, 1, 10]", "[1, 1, 20]"}},
        {"a gate where there is none",
         [](SavedModel &model) {
             model.tensor("blocks.0.mlp.fc1.weight").shape = {30, 10};
             model.tensor("blocks.0.mlp.fc1.weight").values.resize(300);
         },
         tensor,
         {"blocks.0.mlp.fc1.weight", "[30, 10]", "[15, 10]"}},
        {"biases against qkv_bias",
         set("/model_args/qkv_bias", false),
         tensor,
         {"blocks.0.attn.qkv.bias", "qkv_bias is false"}},
        {"scales against init_values",
         [](SavedModel &model) { model.add("blocks.0.ls1.gamma", {10}); },
         tensor,
         {"blocks.0.ls1.gamma", "not known"}},
        {"registers against reg_tokens",
         [](SavedModel &model) { model.add("reg_token", {1, 2, 10}); },
         tensor,
         {"reg_token", "not known"}},
        {"both norms",
         [](SavedModel &model) { model.add_norm("fc_norm", 10); },
         tensor,
         {"'fc_norm.bias'", "not known"}},
        {"norms of queries",
         [](SavedModel &model) { model.add_norm("blocks.1.attn.q_norm", 2); },
         tensor,
         {"blocks.1.attn.q_norm", "not known"}},
        {"attention pooling",
         [](SavedModel &model) { model.add("attn_pool.latent", {1, 1, 10}); },
         tensor,
         {"attn_pool.latent", "not known"}},
        {"names of Hugging Face",
         [](SavedModel &model) { model.rename("cls_token", "vit.embeddings.cls_token"); },
         tensor,
         {"'cls_token'", "missing"}},
        {"names of torchvision",
         [](SavedModel &model) { model.rename("norm.weight", "encoder.ln.weight"); },
         tensor,
         {"'norm.weight'", "missing"}},
    };
    for (const Bad &bad : cases) {
        SCOPED_TRACE(bad.what);
        expect_error(read_saved(changed(timm_model(small_architecture()), bad.change)), bad.code, bad.named);
    }
}

}  // namespace
}  // namespace vit::test
