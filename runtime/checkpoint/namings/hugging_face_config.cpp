#include "checkpoint/namings/hugging_face_config.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "checkpoint/namings/shared.h"
#include "printable.h"

namespace vit {

namespace {

constexpr std::int64_t max_pixel_values = std::int64_t{1} << 28;  // C x height x width
constexpr std::int64_t max_activations = std::int64_t{1} << 30;   // tokens x the widest of a block

// The classes whose tensors may have a classifier among them: those of the bare model, too.
Result<void> check_class(const JsonFields &fields, bool deit) {
    const Json *classes = fields.find("architectures");
    if (!classes) return {};
    if (!classes->is_array()) return fields.error("architectures", "is not a list");
    const std::string model = deit ? "DeiT" : "ViT";
    for (const Json &name : *classes) {
        if (name == model + "ForImageClassification" || name == model + "Model" ||
            (deit && is_text(name, "DeiTForImageClassificationWithTeacher"))) {
            return {};
        }
    }
    const std::string found = classes->empty() ? "empty" : json_text(classes->front());
    return fail(ErrorCode::unsupported, fields.at("architectures") + " is " + found +
                                            ", a model without a classifier; " + model +
                                            "ForImageClassification can be read");
}

Result<Activation> read_activation(const JsonFields &fields) {
    VIT_TRY_ASSIGN(const auto name, fields.text("hidden_act"));
    if (!name) return Activation::gelu_erf;
    static constexpr std::pair<std::string_view, Activation> known[] = {
        {"gelu", Activation::gelu_erf},
        {"gelu_python", Activation::gelu_erf},
        // All of these are 0.5 z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))), written in different ways.
        {"gelu_new", Activation::gelu_tanh},
        {"gelu_fast", Activation::gelu_tanh},
        {"gelu_pytorch_tanh", Activation::gelu_tanh},
        {"gelu_python_tanh", Activation::gelu_tanh},
        {"gelu_accurate", Activation::gelu_tanh},
        {"quick_gelu", Activation::quick_gelu},
        {"relu", Activation::relu},
        {"silu", Activation::silu},
        {"swish", Activation::silu},
        {"tanh", Activation::tanh},
    };
    for (const auto &[known_name, activation] : known) {
        if (*name == known_name) return activation;
    }
    return fail(ErrorCode::unsupported,
                fields.at("hidden_act") + " is " + in_quotes(*name) + ", which cannot be computed");
}

// The whole number that `text` spells, without sign or leading zero.
std::optional<std::size_t> read_index(const std::string &text) {
    if (text.empty() || text.size() > 9 || (text.size() > 1 && text[0] == '0')) return {};
    std::size_t index = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return {};
        index = 10 * index + static_cast<std::size_t>(c - '0');
    }
    return index;
}

Result<std::vector<std::string>> read_labels(const JsonFields &fields) {
    constexpr int default_labels = 2;
    const Json *names = fields.find("id2label");
    if (!names) {
        VIT_TRY_ASSIGN(const int count, fields.integer("num_labels", default_labels, 1, max_size));
        return numbered_labels(count);
    }
    if (!names->is_object()) return fields.error("id2label", "is not a JSON object");
    if (names->empty()) return fields.error("id2label", "names no label, so there is no classifier");
    if (names->size() > max_size) return fields.error("id2label", "names too many labels");
    std::vector<std::string> labels(names->size());
    // As many keys as labels, each a different index in range: all are there.
    for (const auto &[key, name] : names->items()) {
        const auto index = read_index(key);
        if (!index || *index >= labels.size()) {
            return fields.error("id2label", "has key " + in_quotes(key, 40) + " among " +
                                                std::to_string(labels.size()) +
                                                " labels; they must be numbered from 0 without a gap");
        }
        if (!name.is_string()) {
            return fields.error("id2label",
                                "gives label " + key + " the name " + json_text(name) + ", not a string");
        }
        labels[*index] = name.get<std::string>();
    }
    const int count = static_cast<int>(labels.size());
    VIT_TRY_ASSIGN(const int declared, fields.integer("num_labels", count, 1, max_size));
    if (declared != count) {
        return fields.error("num_labels", "is " + std::to_string(declared) + ", but id2label names " +
                                              std::to_string(count) + " labels");
    }
    return labels;
}

// As transformers' image classification pipeline chooses its function.
Result<Scores> read_scores(const JsonFields &fields, int labels) {
    VIT_TRY_ASSIGN(const auto problem, fields.text("problem_type"));
    if (!problem) return labels == 1 ? Scores::sigmoid : Scores::softmax;
    if (*problem == "regression") return Scores::identity;
    if (*problem == "multi_label_classification") return Scores::sigmoid;
    if (*problem != "single_label_classification") {
        return fields.error("problem_type", "is " + in_quotes(*problem) + ", which is not known");
    }
    if (labels == 1)
        return fields.error("problem_type", "is 'single_label_classification', but there is one label");
    return Scores::softmax;
}

Result<void> check_together(const JsonFields &fields, const Architecture &a) {
    const auto size = [](int height, int width) {
        return std::to_string(height) + "x" + std::to_string(width);
    };
    if (a.width % a.heads != 0) {
        return fields.error("num_attention_heads", "is " + std::to_string(a.heads) +
                                                       ", which does not divide hidden_size " +
                                                       std::to_string(a.width));
    }
    if (a.patch_height > a.image_height || a.patch_width > a.image_width) {
        return fields.error("patch_size", "is " + size(a.patch_height, a.patch_width) +
                                              ", larger than image_size " +
                                              size(a.image_height, a.image_width));
    }
    const std::int64_t area = std::int64_t{a.image_height} * a.image_width;
    if (area > max_pixel_values / a.channels) {
        return fields.error("image_size", "is " + size(a.image_height, a.image_width) + ", too large");
    }
    const std::int64_t widest = std::max({3 * std::int64_t{a.width}, std::int64_t{a.mlp_width}});
    if (a.tokens() > max_activations / widest) {
        return fields.error("image_size", "makes " + std::to_string(a.tokens()) +
                                              " tokens, too many for hidden_size " +
                                              std::to_string(a.width) + " and intermediate_size " +
                                              std::to_string(a.mlp_width));
    }
    return check_architecture(a, fields.file());
}

}  // namespace

Result<Config> read_config(const Json &json, const std::string &file) {
    VIT_TRY_ASSIGN(const JsonFields fields, JsonFields::of(json, file));
    VIT_TRY_ASSIGN(const auto type, fields.text("model_type"));
    if (!type) return fields.error("model_type", "is missing");
    const bool deit = *type == "deit";
    if (!deit && *type != "vit") {
        return fail(ErrorCode::unsupported, fields.at("model_type") + " is " + in_quotes(*type) +
                                                "; only 'vit' and 'deit' can be read");
    }
    VIT_TRY(check_class(fields, deit));

    Config config;
    Architecture &a = config.architecture;
    if (deit) {
        a.prefix.distillation_token = true;
        a.prefix.positioned = 2;
    }
    VIT_TRY_ASSIGN(a.width, fields.integer("hidden_size", 768, 1, max_size));
    VIT_TRY_ASSIGN(a.depth, fields.integer("num_hidden_layers", 12, 1, max_layers));
    VIT_TRY_ASSIGN(a.heads, fields.integer("num_attention_heads", 12, 1, max_size));
    VIT_TRY_ASSIGN(a.mlp_width, fields.integer("intermediate_size", 3072, 1, max_size));
    VIT_TRY_ASSIGN(a.channels, fields.integer("num_channels", 3, 1, max_size));
    std::pair image(224, 224), patch(16, 16);
    VIT_TRY(read_height_width(fields, "image_size", max_size, image));
    VIT_TRY(read_height_width(fields, "patch_size", max_size, patch));
    std::tie(a.image_height, a.image_width) = image;
    std::tie(a.patch_height, a.patch_width) = patch;
    // Zero, or what becomes zero in single precision, would divide by zero where all channels are equal.
    VIT_TRY_ASSIGN(const double epsilon,
                   fields.number("layer_norm_eps", 1e-12, std::numeric_limits<float>::min(), 1));
    a.layer_norm_epsilon = static_cast<float>(epsilon);
    VIT_TRY_ASSIGN(a.qkv_bias, fields.boolean("qkv_bias", true));
    VIT_TRY_ASSIGN(a.activation, read_activation(fields));
    VIT_TRY_ASSIGN(config.labels, read_labels(fields));
    a.labels = static_cast<int>(config.labels.size());
    VIT_TRY_ASSIGN(a.scores, read_scores(fields, a.labels));
    VIT_TRY(check_together(fields, a));
    return config;
}

}  // namespace vit
