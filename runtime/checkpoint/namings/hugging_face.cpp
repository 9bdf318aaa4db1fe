// Models as Hugging Face's transformers saves them: config.json has a model_type.
#include "checkpoint/config.h"
#include "checkpoint/ecosystem.h"
#include "preprocess/preprocessing_config.h"
#include "printable.h"

namespace vit {

extern const Ecosystem hugging_face;

namespace {

// The names that the two generations of the library have for the same tensors of a block.
struct BlockNames {
    std::string block, query, key, value, proj, fc1, fc2;
};

BlockNames block_names(const StoredTensors &tensors) {
    const BlockNames published{"vit.encoder.layer.",        "attention.attention.query",
                               "attention.attention.key",   "attention.attention.value",
                               "attention.output.dense",    "intermediate.dense",
                               "output.dense"};
    const BlockNames in_memory{"vit.layers.",      "attention.q_proj", "attention.k_proj",
                               "attention.v_proj", "attention.o_proj", "mlp.fc1",
                               "mlp.fc2"};
    const auto found = tensors.lower_bound(in_memory.block);
    return found != tensors.end() && found->first.starts_with(in_memory.block) ? in_memory : published;
}

bool ignorable(std::string_view name) {
    return name.starts_with("vit.pooler.") || name.starts_with("decoder.") ||
           name == "vit.embeddings.mask_token" || name.ends_with("position_ids") ||
           name.ends_with("num_batches_tracked");
}

Naming naming_of(const StoredTensors &tensors) {
    const BlockNames names = block_names(tensors);
    const std::string patch = "vit.embeddings.patch_embeddings.projection", block = names.block + "{}.";
    Naming naming;
    naming.block = names.block;
    naming.depth_from = "config.json's num_hidden_layers";
    naming.positions_from = "config.json's image_size and patch_size";
    naming.ignorable = ignorable;
    naming.slots = {{Slot::patch_weight, patch + ".weight"},
                    {Slot::patch_bias, patch + ".bias"},
                    {Slot::class_token, "vit.embeddings.cls_token", {}, 2},
                    {Slot::positions, "vit.embeddings.position_embeddings", {}, 1},
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
                    {Slot::norm_gamma, "vit.layernorm.weight"},
                    {Slot::norm_beta, "vit.layernorm.bias"},
                    {Slot::head_weight, "classifier.weight"},
                    {Slot::head_bias, "classifier.bias"}};
    return naming;
}

Result<bool> recognises(CheckpointDirectory &) { return true; }

Result<Naming> describe(CheckpointDirectory &directory, Checkpoint &checkpoint) {
    if (!directory.config()) {
        return tl::unexpected<Error>(read_json(directory.config_path()).error());
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
    VIT_TRY_ASSIGN(checkpoint.preprocessing,
                   read_preprocessing(directory.path(), checkpoint.architecture));
    VIT_TRY_ASSIGN(TensorFiles *files, directory.tensors());
    if (!files->find("classifier.weight")) {
        const Architecture &a = checkpoint.architecture;
        return fail(ErrorCode::tensor, printable_path(files->file()) +
                                           ": tensor 'classifier.weight' of shape " +
                                           shape_text({a.labels, a.width}) +
                                           " is missing: this model was saved without a classifier");
    }
    return naming_of(files->tensors());
}

}  // namespace

const Ecosystem hugging_face{"Hugging Face", recognises, describe};

}  // namespace vit
