#include "checkpoint/checkpoint_hf_vit.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "printable.h"

namespace vit {

namespace {

// The names that the two generations have for the same tensors of a block.
struct BlockNames {
    std::string_view prefix;  // before the block's number
    std::string query, key, value, proj, fc1, fc2;
};

const BlockNames &block_names(const StoredTensors &tensors) {
    static const BlockNames published{"vit.encoder.layer.",
                                      "attention.attention.query",
                                      "attention.attention.key",
                                      "attention.attention.value",
                                      "attention.output.dense",
                                      "intermediate.dense",
                                      "output.dense"};
    static const BlockNames in_memory{"vit.layers.",      "attention.q_proj", "attention.k_proj",
                                      "attention.v_proj", "attention.o_proj", "mlp.fc1",
                                      "mlp.fc2"};
    const auto found = tensors.lower_bound(in_memory.prefix);
    return found != tensors.end() && found->first.starts_with(in_memory.prefix) ? in_memory : published;
}

// One more than the largest block's number, or a little more than any sensible number of blocks.
int count_blocks(const StoredTensors &tensors, std::string_view prefix) {
    int count = 0;
    for (auto tensor = tensors.lower_bound(prefix); tensor != tensors.end(); ++tensor) {
        std::string_view name = tensor->first;
        if (!name.starts_with(prefix)) break;
        int number = 0;
        for (const char c : name.substr(prefix.size(), 6)) {
            if (c < '0' || c > '9') break;
            number = 10 * number + (c - '0');
        }
        count = std::max(count, number + 1);
    }
    return count;
}

// What other uses of the same network leave in a file.
bool ignorable(std::string_view name) {
    return name.starts_with("vit.pooler.") || name.starts_with("decoder.") ||
           name == "vit.embeddings.mask_token" || name.ends_with("position_ids") ||
           name.ends_with("num_batches_tracked");
}

class Reader {
public:
    Reader(TensorFiles &files, const Architecture &a)
        : files_(files), a_(a), names_(block_names(files.tensors())), width_(a.width) {}

    Result<void> read(Checkpoint &checkpoint) {
        VIT_TRY(check_classifier());
        VIT_TRY(check_depth());
        VIT_TRY(check_positions());
        VIT_TRY_ASSIGN(checkpoint.class_token, files_.take("vit.embeddings.cls_token", {1, 1, width_}));
        VIT_TRY_ASSIGN(checkpoint.positions, files_.take(positions_name, {1, a_.tokens(), width_}));
        const std::string patch = "vit.embeddings.patch_embeddings.projection";
        VIT_TRY_ASSIGN(checkpoint.patch.weight,
                       files_.take(patch + ".weight",
                                   {width_, a_.channels, a_.patch_height, a_.patch_width}));
        VIT_TRY_ASSIGN(checkpoint.patch.bias, files_.take(patch + ".bias", {width_}));
        for (int i = 0; i < a_.depth; i++) {
            VIT_TRY_ASSIGN(BlockWeights weights,
                           block(std::string(names_.prefix) + std::to_string(i) + "."));
            checkpoint.blocks.push_back(std::move(weights));
        }
        VIT_TRY_ASSIGN(checkpoint.norm, norm("vit.layernorm"));
        VIT_TRY_ASSIGN(checkpoint.head, linear("classifier", a_.labels, width_));
        return files_.check_all_taken(ignorable);
    }

private:
    static constexpr const char *positions_name = "vit.embeddings.position_embeddings";

    TensorFiles &files_;
    const Architecture &a_;
    const BlockNames &names_;
    const std::int64_t width_;

    std::string at(const std::string &file) const { return printable_path(file) + ": "; }

    Result<void> check_classifier() const {
        if (files_.find("classifier.weight")) return {};
        return fail(ErrorCode::tensor, at(files_.file()) + "tensor 'classifier.weight' of shape " +
                                           shape_text({a_.labels, width_}) +
                                           " is missing: this model was saved without a classifier");
    }

    Result<void> check_depth() const {
        const int blocks = count_blocks(files_.tensors(), names_.prefix);
        if (blocks == a_.depth || blocks == 0)
            return {};  // 0: taking the first block's tensors tells what is missing
        return fail(ErrorCode::tensor, at(files_.file()) + "has " + std::to_string(blocks) + " layers ('" +
                                           std::string(names_.prefix) +
                                           "N.'), but config.json's num_hidden_layers is " +
                                           std::to_string(a_.depth));
    }

    // Another number of positions is a common state of a checkpoint, so it gets a sentence of its own.
    Result<void> check_positions() const {
        const StoredTensor *stored = files_.find(positions_name);
        if (!stored || stored->shape.size() != 3) return {};
        const std::int64_t found = stored->shape[1];
        if (found == a_.tokens() || stored->shape[0] != 1 || stored->shape[2] != width_) return {};
        return fail(ErrorCode::unsupported,
                    at(stored->file) + "tensor '" + positions_name + "' has " + std::to_string(found) +
                        " positions, but config.json's image_size and patch_size make " +
                        std::to_string(a_.tokens()) + "; positions cannot be resampled yet");
    }

    Result<NormWeights> norm(const std::string &name) {
        NormWeights weights;
        VIT_TRY_ASSIGN(weights.gamma, files_.take(name + ".weight", {width_}));
        VIT_TRY_ASSIGN(weights.beta, files_.take(name + ".bias", {width_}));
        return weights;
    }

    Result<LinearWeights> linear(const std::string &name, std::int64_t outputs, std::int64_t inputs,
                                 bool bias = true) {
        LinearWeights weights;
        VIT_TRY_ASSIGN(weights.weight, files_.take(name + ".weight", {outputs, inputs}));
        if (bias) {
            VIT_TRY_ASSIGN(weights.bias, files_.take(name + ".bias", {outputs}));
        } else if (const StoredTensor *stored = files_.find(name + ".bias")) {
            return fail(ErrorCode::tensor, at(stored->file) + "tensor " + in_quotes(name + ".bias") +
                                               " is present, but config.json's qkv_bias is false");
        }
        return weights;
    }

    Result<BlockWeights> block(const std::string &prefix) {
        BlockWeights weights;
        VIT_TRY_ASSIGN(weights.norm1, norm(prefix + "layernorm_before"));
        VIT_TRY_ASSIGN(weights.query, linear(prefix + names_.query, width_, width_, a_.qkv_bias));
        VIT_TRY_ASSIGN(weights.key, linear(prefix + names_.key, width_, width_, a_.qkv_bias));
        VIT_TRY_ASSIGN(weights.value, linear(prefix + names_.value, width_, width_, a_.qkv_bias));
        VIT_TRY_ASSIGN(weights.proj, linear(prefix + names_.proj, width_, width_));
        VIT_TRY_ASSIGN(weights.norm2, norm(prefix + "layernorm_after"));
        VIT_TRY_ASSIGN(weights.fc1, linear(prefix + names_.fc1, a_.mlp_width, width_));
        VIT_TRY_ASSIGN(weights.fc2, linear(prefix + names_.fc2, width_, a_.mlp_width));
        return weights;
    }
};

}  // namespace

Result<void> read_hf_vit(TensorFiles &files, Checkpoint &checkpoint) {
    return Reader(files, checkpoint.architecture).read(checkpoint);
}

}  // namespace vit
