// Models as Hugging Face's transformers saves them: config.json has a model_type.
#include "checkpoint/ecosystem.h"
#include "checkpoint/namings/hugging_face_config.h"
#include "checkpoint/namings/hugging_face_preprocessing.h"
#include "checkpoint/namings/shared.h"
#include "printable.h"

namespace vit {

extern const Ecosystem hugging_face;

namespace {

const std::string patch = "embeddings.patch_embeddings.projection";

// What the names of a bare model's tensors begin with, where it is part of another one: "vit.", "deit.", or
// nothing, where it was saved alone.
std::string prefix_of(const TensorFiles &files, bool deit) {
    const std::string usual = deit ? "deit." : "vit.";
    return !files.find(usual + patch + ".weight") && files.find(patch + ".weight") ? "" : usual;
}

// The names that the two generations of the library have for the same tensors of a block.
struct BlockNames {
    std::string block, query, key, value, proj, fc1, fc2;
};

BlockNames block_names(const StoredTensors &tensors, const std::string &model) {
    const BlockNames published{model + "encoder.layer.", "attention.attention.query",
                               "attention.attention.key", "attention.attention.value",
                               "attention.output.dense", "intermediate.dense",
                               "output.dense"};
    const BlockNames in_memory{model + "layers.", "attention.q_proj", "attention.k_proj",
                               "attention.v_proj", "attention.o_proj", "mlp.fc1",
                               "mlp.fc2"};
    const auto found = tensors.lower_bound(in_memory.block);
    return found != tensors.end() && found->first.starts_with(in_memory.block) ? in_memory : published;
}

bool ignorable(std::string_view name) {
    for (const std::string_view model : {"vit.", "deit."}) {
        if (name.starts_with(model)) name.remove_prefix(model.size());
    }
    return name.starts_with("pooler.") || name.starts_with("decoder.") || name == "embeddings.mask_token" ||
           name.ends_with("position_ids") || name.ends_with("num_batches_tracked");
}

// DeiT's second classifier, which was trained to agree with a teacher.
bool has_teacher(const TensorFiles &files) { return files.find("distillation_classifier.weight"); }

Naming naming_of(const TensorFiles &files, const Architecture &a) {
    const bool deit = a.prefix.distillation_token;
    const std::string model = prefix_of(files, deit);
    const BlockNames names = block_names(files.tensors(), model);
    const std::string block = names.block + "{}.";
    Naming naming;
    naming.block = names.block;
    naming.depth_from = "config.json's num_hidden_layers";
    naming.positions_from = "config.json's image_size and patch_size";
    naming.biases_from = "config.json's qkv_bias";
    naming.ignorable = ignorable;
    naming.slots = {{Slot::patch_weight, model + patch + ".weight"},
                    {Slot::patch_bias, model + patch + ".bias"},
                    {Slot::class_token, model + "embeddings.cls_token", {}, 2},
                    {Slot::distillation_token, model + "embeddings.distillation_token", {}, 2},
                    {Slot::positions, model + "embeddings.position_embeddings", {}, 1},
                    {Slot::norm1_gamma, block + "layernorm_before.weight"},
                    {Slot::norm1_beta, block + "layernorm_before.bias"},
                    {Slot::query_weight, block + names.query + ".weight"},
                    {Slot::query_bias, block + names.query + ".bias"},
                    {Slot::key_weight, block + names.key + ".weight"},
                    {Slot::key_bias, block + names.key + ".bias"},
                    {Slot::value_weight, block + names.value + ".weight"},
                    {Slot::value_bias, block + names.value + ".bias"},
                    {Slot::proj_weight, block + names.proj + ".weight"},
                    {Slot::proj_bias, block + names.proj + ".bias"},
                    {Slot::norm2_gamma, block + "layernorm_after.weight"},
                    {Slot::norm2_beta, block + "layernorm_after.bias"},
                    {Slot::fc1_weight, block + names.fc1 + ".weight"},
                    {Slot::fc1_bias, block + names.fc1 + ".bias"},
                    {Slot::fc2_weight, block + names.fc2 + ".weight"},
                    {Slot::fc2_bias, block + names.fc2 + ".bias"},
                    {Slot::norm_gamma, model + "layernorm.weight"},
                    {Slot::norm_beta, model + "layernorm.bias"}};
    const std::string first = a.pooling.head_of_each ? "cls_classifier." : "classifier.";
    naming.slots.push_back({Slot::head_weight, first + "weight", {}, 0, 0});
    naming.slots.push_back({Slot::head_bias, first + "bias", {}, 0, 0});
    naming.slots.push_back({Slot::head_weight, "distillation_classifier.weight", {}, 0, 1});
    naming.slots.push_back({Slot::head_bias, "distillation_classifier.bias", {}, 0, 1});
    return naming;
}

Result<bool> recognises(CheckpointDirectory &) { return true; }

Result<Naming> describe(CheckpointDirectory &directory, Checkpoint &checkpoint) {
    if (!directory.config()) {
        return tl::unexpected<Error>(read_json(directory.files(), "config.json").error());
    }
    VIT_TRY_ASSIGN(Config config, read_config(*directory.config(), directory.config_path()));
    const std::string name = std::move(checkpoint.architecture.name);
    checkpoint.architecture = std::move(config.architecture);
    checkpoint.architecture.name = name;
    checkpoint.labels = std::move(config.labels);
    if (const int channels = checkpoint.architecture.channels; channels != 3) {
        return fail(ErrorCode::unsupported, printable_path(directory.config_path()) + ": num_channels is " +
                                                std::to_string(channels) +
                                                ", but pictures have three: red, green and blue");
    }
    Architecture &a = checkpoint.architecture;
    const bool deit = a.prefix.distillation_token;
    VIT_TRY_ASSIGN(checkpoint.preprocessing,
                   read_preprocessing(directory.files(), a, deit ? "DeiT" : "ViT"));
    VIT_TRY_ASSIGN(TensorFiles * files, directory.tensors());
    if (deit && has_teacher(*files)) {
        a.pooling.features = {Feature::class_token, Feature::distillation_token};
        a.pooling.head_of_each = true;
    } else if (files->find(prefix_of(*files, deit) + patch + ".weight")) {
        VIT_TRY(check_classifier(*files, "classifier.weight", a));
    }
    return naming_of(*files, a);
}

}  // namespace

const Ecosystem hugging_face{"Hugging Face", recognises, describe};

}  // namespace vit
