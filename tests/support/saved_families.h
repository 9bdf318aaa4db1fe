// Small checkpoints as timm, torchvision and Hugging Face's DeiT save them. All values are zero: that each
// is where it belongs, the golden models show.
#pragma once

#include <functional>
#include <string>

#include "runtime/checkpoint/checkpoint.h"
#include "tests/support/saved_model.h"

namespace vit::test {

// Every size another one.
inline Architecture small_architecture() {
    Architecture a;
    a.image_height = 12;
    a.image_width = 8;
    a.patch_height = 4;
    a.patch_width = 2;
    a.width = 10;
    a.depth = 2;
    a.heads = 5;
    a.mlp_width = 15;
    a.labels = 3;
    return a;
}

using Change = std::function<void(SavedModel &)>;

// Of config.json: set("/model_args/depth", 3).
inline Change set(const char *pointer, const nlohmann::json &value) {
    return [=](SavedModel &model) { model.config[nlohmann::json::json_pointer(pointer)] = value; };
}

inline SavedModel changed(SavedModel model, const Change &change) {
    change(model);
    return model;
}

inline Result<Checkpoint> read_saved(const SavedModel &model) {
    const TemporaryDirectory directory;
    model.write(directory);
    return read_checkpoint(directory.path());
}

// Where an architecture differs from another of the same family, the tensors do.
inline SavedModel timm_model(const Architecture &a) {
    SavedModel model;
    const bool gated = is_gated(a.activation);
    model.add("patch_embed.proj.weight", {a.width, a.channels, a.patch_height, a.patch_width});
    model.add("patch_embed.proj.bias", {a.width});
    if (a.prefix.class_token) model.add("cls_token", {1, 1, a.width});
    if (a.prefix.distillation_token) model.add("dist_token", {1, 1, a.width});
    if (a.prefix.registers) model.add("reg_token", {1, a.prefix.registers, a.width});
    model.add("pos_embed", {1, a.prefix.positioned + a.patches(), a.width});
    for (int i = 0; i < a.depth; i++) {
        const std::string block = "blocks." + std::to_string(i) + ".";
        model.add_norm(block + "norm1", a.width);
        model.add_linear(block + "attn.qkv", 3 * a.width, a.width, a.qkv_bias);
        model.add_linear(block + "attn.proj", a.width, a.width);
        model.add_norm(block + "norm2", a.width);
        model.add_linear(block + "mlp.fc1", (gated ? 2 : 1) * a.mlp_width, a.width);
        model.add_linear(block + "mlp.fc2", a.width, a.mlp_width);
        if (!a.layer_scale) continue;
        model.add(block + "ls1.gamma", {a.width});
        model.add(block + "ls2.gamma", {a.width});
    }
    model.add_norm(a.pooling.norm_last ? "fc_norm" : "norm", a.width);
    model.add_linear("head", a.labels, a.width);
    if (a.pooling.head_of_each) model.add_linear("head_dist", a.labels, a.width);
    model.config = {{"architecture", "vit_tiny_patch16_224"},
                    {"num_classes", a.labels},
                    {"model_args",
                     {{"patch_size", {a.patch_height, a.patch_width}},
                      {"embed_dim", a.width},
                      {"depth", a.depth},
                      {"num_heads", a.heads},
                      {"mlp_ratio", (gated ? 2.0 : 1.0) * a.mlp_width / a.width}}},
                    {"pretrained_cfg",
                     {{"input_size", {3, a.image_height, a.image_width}}, {"fixed_input_size", true}}}};
    return model;
}

inline SavedModel torchvision_model(const Architecture &a, bool old_names = false) {
    SavedModel model;
    model.add("conv_proj.weight", {a.width, 3, a.patch_height, a.patch_width});
    model.add("conv_proj.bias", {a.width});
    model.add("class_token", {1, 1, a.width});
    model.add("encoder.pos_embedding", {1, a.tokens(), a.width});
    for (int i = 0; i < a.depth; i++) {
        const std::string block = "encoder.layers.encoder_layer_" + std::to_string(i) + ".";
        model.add_norm(block + "ln_1", a.width);
        model.add(block + "self_attention.in_proj_weight", {3 * a.width, a.width});
        model.add(block + "self_attention.in_proj_bias", {3 * a.width});
        model.add_linear(block + "self_attention.out_proj", a.width, a.width);
        model.add_norm(block + "ln_2", a.width);
        model.add_linear(block + (old_names ? "mlp.linear_1" : "mlp.0"), a.mlp_width, a.width);
        model.add_linear(block + (old_names ? "mlp.linear_2" : "mlp.3"), a.width, a.mlp_width);
    }
    model.add_norm("encoder.ln", a.width);
    model.add_linear("heads.head", a.labels, a.width);
    model.config["torchvision"] = {{"num_heads", a.heads}, {"transforms", {{"crop_size", a.image_height}}}};
    return model;
}

inline SavedModel deit_model(const Architecture &a) {
    SavedModel model;
    const std::string embeddings = "deit.embeddings.";
    model.add(embeddings + "cls_token", {1, 1, a.width});
    model.add(embeddings + "distillation_token", {1, 1, a.width});
    model.add(embeddings + "position_embeddings", {1, a.tokens(), a.width});
    model.add(embeddings + "patch_embeddings.projection.weight",
              {a.width, a.channels, a.patch_height, a.patch_width});
    model.add(embeddings + "patch_embeddings.projection.bias", {a.width});
    for (int i = 0; i < a.depth; i++) {
        const std::string block = "deit.encoder.layer." + std::to_string(i) + ".";
        model.add_norm(block + "layernorm_before", a.width);
        for (const char *name : {"query", "key", "value"}) {
            model.add_linear(block + "attention.attention." + name, a.width, a.width);
        }
        model.add_linear(block + "attention.output.dense", a.width, a.width);
        model.add_norm(block + "layernorm_after", a.width);
        model.add_linear(block + "intermediate.dense", a.mlp_width, a.width);
        model.add_linear(block + "output.dense", a.width, a.mlp_width);
    }
    model.add_norm("deit.layernorm", a.width);
    if (a.pooling.head_of_each) {
        model.add_linear("cls_classifier", a.labels, a.width);
        model.add_linear("distillation_classifier", a.labels, a.width);
    } else {
        model.add_linear("classifier", a.labels, a.width);
    }
    nlohmann::json labels;
    for (int i = 0; i < a.labels; i++) labels[std::to_string(i)] = "label " + std::to_string(i);
    model.config = {{"model_type", "deit"},
                    {"hidden_size", a.width},
                    {"num_hidden_layers", a.depth},
                    {"num_attention_heads", a.heads},
                    {"intermediate_size", a.mlp_width},
                    {"image_size", {a.image_height, a.image_width}},
                    {"patch_size", {a.patch_height, a.patch_width}},
                    {"id2label", labels}};
    model.preprocessor = {{"crop_size", {{"height", a.image_height}, {"width", a.image_width}}}};
    return model;
}

}  // namespace vit::test
