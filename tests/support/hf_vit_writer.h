// Small random checkpoints as Hugging Face's ViTForImageClassification saves them.
#pragma once

#include <string>
#include <vector>

#include "tests/support/random.h"
#include "tests/support/saved_model.h"

namespace vit::test {

using HfVit = SavedModel;

enum class Names {
    published,
    in_memory
};

// Every size another one, so that no two can be mistaken for each other.
inline Architecture tiny_architecture() {
    Architecture a;
    a.image_height = 15;  // not a multiple of the patch: the last rows are left out
    a.image_width = 12;
    a.patch_height = 4;
    a.patch_width = 2;
    a.width = 10;
    a.depth = 2;
    a.heads = 5;
    a.mlp_width = 14;
    a.labels = 3;
    a.layer_norm_epsilon = 1e-6f;
    return a;
}

// Values of a deviation that keeps activations near 1: 1 / sqrt(inputs) for weights.
inline HfVit hf_vit(const Architecture &a, Random &random, Names names = Names::published,
                    DType dtype = DType::f32) {
    HfVit vit;
    const auto add = [&](const std::string &name, std::vector<std::int64_t> shape, float mean,
                         double deviation) {
        std::size_t count = 1;
        for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
        const auto spread = static_cast<float>(std::sqrt(3) * deviation);  // of a uniform distribution
        vit.tensors.push_back(
            {name, std::move(shape), random.uniforms(count, mean - spread, mean + spread), dtype});
    };
    const auto linear = [&](const std::string &name, int outputs, int inputs, bool bias = true) {
        add(name + ".weight", {outputs, inputs}, 0, 1 / std::sqrt(inputs));
        if (bias) add(name + ".bias", {outputs}, 0, 0.1);
    };
    const auto norm = [&](const std::string &name) {
        add(name + ".weight", {a.width}, 1, 0.1);
        add(name + ".bias", {a.width}, 0, 0.1);
    };
    const bool published = names == Names::published;
    const int patch = a.channels * a.patch_height * a.patch_width;
    add("vit.embeddings.cls_token", {1, 1, a.width}, 0, 1);
    add("vit.embeddings.position_embeddings", {1, a.tokens(), a.width}, 0, 1);
    add("vit.embeddings.patch_embeddings.projection.weight",
        {a.width, a.channels, a.patch_height, a.patch_width}, 0, 1 / std::sqrt(patch));
    add("vit.embeddings.patch_embeddings.projection.bias", {a.width}, 0, 0.1);
    for (int i = 0; i < a.depth; i++) {
        const std::string block =
            (published ? "vit.encoder.layer." : "vit.layers.") + std::to_string(i) + ".";
        norm(block + "layernorm_before");
        for (const char *name : {"query", "key", "value"}) {
            const std::string in_memory = std::string("attention.") + name[0] + "_proj";
            linear(block + (published ? std::string("attention.attention.") + name : in_memory), a.width,
                   a.width, a.qkv_bias);
        }
        linear(block + (published ? "attention.output.dense" : "attention.o_proj"), a.width, a.width);
        norm(block + "layernorm_after");
        linear(block + (published ? "intermediate.dense" : "mlp.fc1"), a.mlp_width, a.width);
        linear(block + (published ? "output.dense" : "mlp.fc2"), a.width, a.mlp_width);
    }
    norm("vit.layernorm");
    linear("classifier", a.labels, a.width);

    nlohmann::json labels;
    for (int i = 0; i < a.labels; i++) labels[std::to_string(i)] = "label " + std::to_string(i);
    vit.config = {{"architectures", {"ViTForImageClassification"}},
                  {"model_type", "vit"},
                  {"hidden_size", a.width},
                  {"num_hidden_layers", a.depth},
                  {"num_attention_heads", a.heads},
                  {"intermediate_size", a.mlp_width},
                  {"hidden_act", a.activation == Activation::gelu_erf ? "gelu" : "gelu_pytorch_tanh"},
                  {"layer_norm_eps", a.layer_norm_epsilon},
                  {"image_size", {a.image_height, a.image_width}},
                  {"patch_size", {a.patch_height, a.patch_width}},
                  {"num_channels", a.channels},
                  {"qkv_bias", a.qkv_bias},
                  {"id2label", labels}};
    if (a.scores == Scores::sigmoid) vit.config["problem_type"] = "multi_label_classification";
    if (a.scores == Scores::identity) vit.config["problem_type"] = "regression";
    vit.preprocessor = {{"image_processor_type", "ViTImageProcessor"},
                        {"do_resize", true},
                        {"size", {{"height", a.image_height}, {"width", a.image_width}}},
                        {"resample", 2},
                        {"do_rescale", true},
                        {"rescale_factor", 1.0 / 255},
                        {"do_normalize", true},
                        {"image_mean", {0.5, 0.5, 0.5}},
                        {"image_std", {0.5, 0.5, 0.5}}};
    return vit;
}

}  // namespace vit::test
