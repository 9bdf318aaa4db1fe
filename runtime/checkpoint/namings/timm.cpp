// Models as timm saves them: config.json has an architecture, a name in timm's registry that stands for most
// of the network's arguments, and model_args, which override them.
#include <algorithm>
#include <cmath>
#include <span>
#include <tuple>

#include "checkpoint/ecosystem.h"
#include "checkpoint/namings/shared.h"
#include "checkpoint/namings/timm_architectures.h"
#include "printable.h"

namespace vit {

extern const Ecosystem timm;

namespace {

// Arguments that have to be what they are by default, and what they make otherwise.
struct Fixed {
    const char *key;
    std::vector<Json> computable;
    const char *otherwise;
};

const std::vector<Fixed> &fixed_arguments() {
    static const std::vector<Fixed> all{
        {"pre_norm", {false}, "a LayerNorm before the blocks"},
        {"qk_norm", {false}, "norms of queries and keys"},
        {"scale_attn_norm", {false}, "a norm within attention"},
        {"scale_mlp_norm", {false}, "a norm within the MLP"},
        {"block_fn", {"Block"}, "another block"},
        {"attn_layer", {"", "attn"}, "another attention"},
        {"mlp_layer", {"Mlp", "SwiGLUPacked"}, "another MLP"},
        {"norm_layer", {"", "layernorm"}, "another norm than LayerNorm of epsilon 1e-6"},
        {"embed_norm_layer", {""}, "a norm of embedded patches"},
        {"final_norm", {true}, "a network without a LayerNorm after the blocks"},
        {"proj_bias", {true}, "linear layers without biases"},
        {"pos_embed", {"learn"}, "a network without positions"},
        {"pool_include_prefix", {false}, "the mean of all tokens"},
        {"use_naflex", {false}, "a NaFlexViT"},
    };
    return all;
}

// Whatever they are, the answer is the same.
constexpr std::string_view without_effect[] = {
    "drop_rate", "pos_drop_rate", "patch_drop_rate", "proj_drop_rate", "attn_drop_rate", "drop_path_rate",
    "weight_init", "fix_init", "pretrained_strict"};
constexpr std::string_view read_here[] = {
    "img_size", "patch_size", "in_chans", "num_classes", "global_pool", "embed_dim", "depth", "num_heads",
    "mlp_ratio", "qkv_bias", "init_values", "class_token", "reg_tokens", "no_embed_class", "fc_norm",
    "act_layer", "dynamic_img_size", "dynamic_img_pad"};

// What timm takes null for, too.
constexpr std::string_view nullable[] = {"init_values", "act_layer", "norm_layer",
                                         "fc_norm", "embed_norm_layer", "use_naflex"};

bool is_among(std::string_view name, std::span<const std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// What the network is built from: the arguments of its architecture, overridden by those of the file.
class Arguments {
public:
    static Result<Arguments> read(const JsonFields &config) {
        Arguments arguments;
        VIT_TRY_ASSIGN(const auto architecture, config.text("architecture"));
        arguments.architecture_ = config.at("architecture") + " is " + in_quotes(*architecture);
        const auto row = timm_arguments(*architecture);
        if (!row) {
            return fail(ErrorCode::unsupported,
                        arguments.architecture_ + ", which is none of timm's plain ViTs and DeiTs");
        }
        VIT_TRY_ASSIGN(arguments.row_, parse_json(std::as_bytes(std::span(*row)), config.file()));
        if (const Json *given = config.find("model_args")) {
            VIT_TRY(JsonFields::of(*given, config.file(), "model_args"));
            arguments.given_ = given;
        }
        arguments.file_ = config.file();
        VIT_TRY(arguments.check());
        return arguments;
    }

    JsonFields fields() const { return *JsonFields::of(*given_, file_, "model_args", &row_.root()); }

    // Whether the file has it, and be it null.
    bool given(const char *key) const { return given_->contains(key); }

    bool distilled() const { return row_.root().contains("distilled"); }
    bool gated() const {
        const Json *mlp = fields().find("mlp_layer");
        return mlp && is_text(*mlp, "SwiGLUPacked");
    }

    // The beginning of a sentence about an argument, which is the file's or comes with the architecture.
    std::string at(const char *key) const {
        static const Json null;
        const Json *value = fields().find(key);
        const std::string what = std::string(key) + " is " + json_text(value ? *value : null);
        return given(key) ? printable_path(file_) + ": model_args." + what
                          : architecture_ + ", whose " + what;
    }

private:
    static const Json &nothing() {
        static const Json object = Json::object();
        return object;
    }

    JsonDocument row_;
    const Json *given_ = &nothing();  // the file's
    std::string file_, architecture_;

    Result<void> check() const {
        for (const auto &argument : given_->items()) {
            const std::string &key = argument.key();
            const bool fixed = std::any_of(fixed_arguments().begin(), fixed_arguments().end(),
                                           [&](const Fixed &row) { return key == row.key; });
            if (is_among(key, without_effect)) continue;
            if (!fixed && !is_among(key, read_here)) {
                return fail(ErrorCode::unsupported, fields().at(key) + " is not known");
            }
            if (argument.value().is_null() && !is_among(key, nullable)) {
                return fields().error(key, "is null");
            }
        }
        for (const auto &[key, computable, otherwise] : fixed_arguments()) {
            const Json *value = fields().find(key);
            if (!value || std::find(computable.begin(), computable.end(), *value) != computable.end()) {
                continue;
            }
            return fail(ErrorCode::unsupported, at(key) + ": " + otherwise + " cannot be computed");
        }
        return {};
    }
};

Result<Activation> read_activation(const Arguments &arguments) {
    const JsonFields fields = arguments.fields();
    VIT_TRY_ASSIGN(const auto name, fields.text("act_layer"));
    std::string lower = name ? *name : "";
    for (char &c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (arguments.gated()) {
        if (lower == "silu" || lower == "swish") return Activation::silu_gated;
    } else {
        for (const auto &[known, activation] : {std::pair("", Activation::gelu_erf),
                                                {"gelu", Activation::gelu_erf},
                                                {"gelu_tanh", Activation::gelu_tanh},
                                                {"quick_gelu", Activation::quick_gelu},
                                                {"relu", Activation::relu},
                                                {"silu", Activation::silu},
                                                {"swish", Activation::silu},
                                                {"tanh", Activation::tanh}}) {
            if (lower == known) return activation;
        }
    }
    return fail(ErrorCode::unsupported,
                arguments.at("act_layer") + ", which cannot be computed" +
                    (arguments.gated() ? " in a gated MLP" : ""));
}

Result<void> read_prefix_and_pooling(const Arguments &arguments, const JsonFields &config,
                                     Architecture &a) {
    const JsonFields fields = arguments.fields();
    VIT_TRY_ASSIGN(a.prefix.class_token, fields.boolean("class_token", true));
    VIT_TRY_ASSIGN(a.prefix.registers, fields.integer("reg_tokens", 0, 0, 1 << 10));
    VIT_TRY_ASSIGN(const bool none, fields.boolean("no_embed_class", false));
    VIT_TRY_ASSIGN(const auto pooling, fields.text("global_pool"));
    if (pooling && pooling->empty()) {
        return fail(ErrorCode::unsupported, arguments.at("global_pool") +
                                                ": such a model has logits for each token, and no answer");
    }
    if (pooling && *pooling != "token" && *pooling != "avg") {
        return fail(ErrorCode::unsupported,
                    arguments.at("global_pool") + "; only 'token' and 'avg' can be computed");
    }
    const bool mean = pooling && *pooling == "avg";
    // timm writes what the model had, and does not read it: where it is another, an argument is missing.
    VIT_TRY_ASSIGN(const auto said, config.text("global_pool"));
    if (said && *said != (mean ? "avg" : "token")) {
        return config.error("global_pool", "is " + in_quotes(*said) +
                                               ", but the model's arguments make it " +
                                               (mean ? "'avg'" : "'token'"));
    }
    a.pooling.features = {mean ? Feature::patch_mean : Feature::class_token};
    if (!mean && !a.prefix.class_token) {
        return fail(ErrorCode::config, arguments.at("class_token") + ", but global_pool is 'token'");
    }
    if (arguments.distilled()) {
        VIT_TRY_ASSIGN(const bool fc_norm, fields.boolean("fc_norm", false));
        for (const auto &[key, other] : {std::pair("global_pool", mean),
                                         {"class_token", !a.prefix.class_token},
                                         {"reg_tokens", a.prefix.registers > 0},
                                         {"fc_norm", fc_norm}}) {
            if (!other) continue;
            return fail(ErrorCode::unsupported,
                        arguments.at(key) + ", which a distilled DeiT cannot have");
        }
        a.prefix.distillation_token = true;
        a.pooling.features.push_back(Feature::distillation_token);
        a.pooling.head_of_each = true;
    }
    a.prefix.positioned = none ? 0 : a.prefix.tokens();
    return {};
}

// The size of pictures that the transform makes, which has to be that of the positions.
Result<void> read_picture(const Arguments &arguments, const JsonFields &pretrained, Architecture &a) {
    const JsonFields fields = arguments.fields();
    std::pair patch(16, 16), image(224, 224), input(224, 224);
    VIT_TRY(read_height_width(fields, "patch_size", max_edge, patch));
    VIT_TRY_ASSIGN(a.channels, fields.integer("in_chans", 3, 1, max_size));
    if (const Json *size = pretrained.find("input_size")) {
        if (!size->is_array() || size->size() != 3) {
            return pretrained.error("input_size", "is not a list of channels, height and width");
        }
        int *const extents[] = {&a.channels, &input.first, &input.second};
        for (int i = fields.find("in_chans") ? 1 : 0; i < 3; i++) {
            VIT_TRY_ASSIGN(*extents[i],
                           json_integer((*size)[i], pretrained.at("input_size"), 1, max_edge));
        }
    }
    if (a.channels != 3) {
        return fail(ErrorCode::unsupported, printable_path(fields.file()) + ": in_chans is " +
                                                std::to_string(a.channels) +
                                                ", but pictures have three: red, green and blue");
    }
    VIT_TRY_ASSIGN(const bool dynamic, fields.boolean("dynamic_img_size", false));
    VIT_TRY_ASSIGN(const bool padded, fields.boolean("dynamic_img_pad", false));
    VIT_TRY_ASSIGN(bool fixed, pretrained.boolean("fixed_input_size", false));
    if (dynamic && arguments.given("dynamic_img_size")) fixed = false;
    if (fixed) image = input;
    VIT_TRY(read_height_width(fields, "img_size", max_edge, image));
    if (fixed) input = image;
    const auto text = [](std::pair<int, int> size) {
        return std::to_string(size.first) + "x" + std::to_string(size.second);
    };
    const auto grid = [&](std::pair<int, int> size) {
        return std::pair(size.first / patch.first, size.second / patch.second);
    };
    if (dynamic ? grid(input) != grid(image) : input != image) {
        return fail(ErrorCode::unsupported,
                    pretrained.at("input_size") + " is " + text(input) +
                        ", but positions are for pictures of " + text(image) +
                        "; positions cannot be resampled yet");
    }
    if (padded && (input.first % patch.first != 0 || input.second % patch.second != 0)) {
        return fail(ErrorCode::unsupported, arguments.at("dynamic_img_pad") + ", but patches do not fill " +
                                                text(input) + ": padding cannot be computed");
    }
    std::tie(a.patch_height, a.patch_width) = patch;
    std::tie(a.image_height, a.image_width) = input;
    return {};
}

Result<void> read_sizes(const Arguments &arguments, const JsonFields &config, const JsonFields &pretrained,
                        Architecture &a) {
    const JsonFields fields = arguments.fields();
    VIT_TRY_ASSIGN(a.width, fields.integer("embed_dim", 768, 1, max_size));
    VIT_TRY_ASSIGN(a.depth, fields.integer("depth", 12, 1, max_layers));
    VIT_TRY_ASSIGN(a.heads, fields.integer("num_heads", 12, 1, max_size));
    VIT_TRY_ASSIGN(const double ratio, fields.number("mlp_ratio", 4, 0, max_size));
    const double hidden = std::floor(a.width * ratio);
    if (hidden < 1 || hidden > max_size || (arguments.gated() && std::fmod(hidden, 2) != 0)) {
        return fields.error("mlp_ratio", "makes an MLP of " + std::to_string(hidden) + " channels");
    }
    a.mlp_width = static_cast<int>(arguments.gated() ? hidden / 2 : hidden);
    a.layer_norm_epsilon = 1e-6f;
    VIT_TRY_ASSIGN(a.qkv_bias, fields.boolean("qkv_bias", true));
    VIT_TRY_ASSIGN(const double scale, fields.number("init_values", 0, -max_level, max_level));
    a.layer_scale = scale != 0;

    VIT_TRY_ASSIGN(const int trained, pretrained.integer("num_classes", 1000, 0, max_size));
    VIT_TRY_ASSIGN(const int declared, config.integer("num_classes", trained, 0, max_size));
    VIT_TRY_ASSIGN(a.labels, fields.integer("num_classes", declared, 0, max_size));
    if (a.labels != declared) {
        return fields.error("num_classes", "is " + std::to_string(a.labels) + ", but num_classes is " +
                                               std::to_string(declared));
    }
    if (a.labels == 0) {
        return fail(ErrorCode::unsupported,
                    config.at("num_classes") + " is 0: this model was saved without a classifier");
    }
    VIT_TRY_ASSIGN(const int offset, pretrained.integer("label_offset", 0, 0, max_size));
    if (offset != 0) return fail(ErrorCode::unsupported, pretrained.at("label_offset") + " is not 0");
    return {};
}

// Names in a list, or by index, some of which may be left out; what has a description is shown by it.
Result<std::vector<std::string>> read_labels(const JsonFields &config, const JsonFields &pretrained,
                                             const char *key, int count) {
    std::vector<std::string> labels = numbered_labels(count);
    const JsonFields &fields = config.find(key) ? config : pretrained;
    const Json *names = fields.find(key);
    if (!names) return labels;
    if (!names->is_array() && !names->is_object()) {
        return fields.error(key, "is neither a list nor an object");
    }
    if (names->is_array() && static_cast<int>(names->size()) != count) {
        return fields.error(key, "has " + std::to_string(names->size()) + " names for " +
                                     std::to_string(count) + " labels");
    }
    const JsonFields &described = config.find("label_descriptions") ? config : pretrained;
    const Json *descriptions = described.find("label_descriptions");
    if (descriptions && !descriptions->is_object()) {
        return described.error("label_descriptions", "is not a JSON object");
    }
    for (const auto &[index, value] : names->items()) {  // of a list, the index is a key, too
        std::size_t digits = 0;
        while (digits < index.size() && index[digits] >= '0' && index[digits] <= '9') digits++;
        const int i = digits == index.size() && digits >= 1 && digits <= 7 ? std::stoi(index) : count;
        if (i >= count || std::to_string(i) != index) {
            return fields.error(key, "has key " + in_quotes(index, 40) + ", which is no index of " +
                                         std::to_string(count) + " labels");
        }
        if (!value.is_string()) {
            return fields.error(key, "gives label " + index + " the name " + json_text(value) +
                                         ", not a string");
        }
        labels[i] = value.get<std::string>();
        if (!descriptions) continue;
        const auto description = descriptions->find(labels[i]);
        if (description == descriptions->end()) continue;
        if (!description->is_string()) {
            return described.error("label_descriptions", "describes " + in_quotes(labels[i], 40) + " by " +
                                                             json_text(*description) + ", not a string");
        }
        labels[i] = description->get<std::string>();
    }
    return labels;
}

// timm.data.create_transform.
Result<Preprocessing> read_preprocessing(const JsonFields &pretrained, const Architecture &a) {
    Preprocessing p;
    p.filter = Filter::bicubic;
    p.mean = imagenet_mean;
    p.std = imagenet_std;
    VIT_TRY(read_interpolation(pretrained, p.filter));
    VIT_TRY(read_mean_and_std(pretrained, p));
    VIT_TRY_ASSIGN(const double share, pretrained.number("crop_pct", 0.875, 0.01, 100));
    VIT_TRY_ASSIGN(const auto mode, pretrained.text("crop_mode"));
    p.height = static_cast<int>(std::floor(a.image_height / share));
    p.width = static_cast<int>(std::floor(a.image_width / share));
    if (p.height < 1 || p.width < 1) return pretrained.error("crop_pct", "leaves nothing of a picture");
    if (mode == "squash") {
        p.resize = Resize::squash;
    } else if (mode == "border") {
        p.resize = Resize::contain;
        for (std::size_t c = 0; c < p.fill.size(); c++) {
            const double sample = std::nearbyint(255 * p.mean[c]);
            if (sample < 0 || sample > 255) {
                return pretrained.error("mean", "is no colour, but crop_mode 'border' pads with it");
            }
            p.fill[c] = static_cast<int>(sample);
        }
    } else if (p.height == p.width) {  // every other mode is 'center'
        p.resize = Resize::shortest_edge;
        p.shortest_edge = p.height;
    } else {
        p.resize = Resize::cover;
    }
    p.do_center_crop = true;
    p.crop_height = a.image_height;
    p.crop_width = a.image_width;
    p.remainder = Remainder::half_to_even;
    return p;
}

// What timm drops, too, when it reads a file.
bool ignorable(std::string_view name) { return name.starts_with("pre_logits."); }

Naming naming_of(const TensorFiles &files, bool norm_last) {
    const std::string norm = norm_last ? "fc_norm" : "norm", block = "blocks.{}.";
    const bool raw = files.find("blocks.0.gamma_1");  // as DeiT III is published by its authors
    Naming naming;
    naming.block = "blocks.";
    naming.depth_from = "config.json's depth";
    naming.positions_from = "config.json's image and patch";
    naming.biases_from = "config.json's qkv_bias";
    naming.ignorable = ignorable;
    naming.slots = {{Slot::patch_weight, "patch_embed.proj.weight"},
                    {Slot::patch_bias, "patch_embed.proj.bias"},
                    {Slot::class_token, "cls_token", {}, 2},
                    {Slot::distillation_token, "dist_token", {}, 2},
                    {Slot::registers, "reg_token", {}, 1},
                    {Slot::positions, "pos_embed", {}, 1},
                    {Slot::norm1_gamma, block + "norm1.weight"},
                    {Slot::norm1_beta, block + "norm1.bias"},
                    {Slot::query_weight, block + "attn.qkv.weight", {0, 3}},
                    {Slot::query_bias, block + "attn.qkv.bias", {0, 3}},
                    {Slot::key_weight, block + "attn.qkv.weight", {1, 3}},
                    {Slot::key_bias, block + "attn.qkv.bias", {1, 3}},
                    {Slot::value_weight, block + "attn.qkv.weight", {2, 3}},
                    {Slot::value_bias, block + "attn.qkv.bias", {2, 3}},
                    {Slot::proj_weight, block + "attn.proj.weight"},
                    {Slot::proj_bias, block + "attn.proj.bias"},
                    {Slot::scale1, block + (raw ? "gamma_1" : "ls1.gamma")},
                    {Slot::norm2_gamma, block + "norm2.weight"},
                    {Slot::norm2_beta, block + "norm2.bias"},
                    {Slot::fc2_weight, block + "mlp.fc2.weight"},
                    {Slot::fc2_bias, block + "mlp.fc2.bias"},
                    {Slot::scale2, block + (raw ? "gamma_2" : "ls2.gamma")},
                    {Slot::norm_gamma, norm + ".weight"},
                    {Slot::norm_beta, norm + ".bias"},
                    {Slot::head_weight, "head.weight", {}, 0, 0},
                    {Slot::head_bias, "head.bias", {}, 0, 0},
                    {Slot::head_weight, "head_dist.weight", {}, 0, 1},
                    {Slot::head_bias, "head_dist.bias", {}, 0, 1}};
    return naming;
}

// Of a gated MLP, the first half of the first layer's rows makes the gate.
void name_mlp(bool gated, Naming &naming) {
    const std::string fc1 = "blocks.{}.mlp.fc1.";
    const SlotName::Part all = {}, gate = {0, 2}, value = {1, 2};
    naming.slots.push_back({Slot::fc1_weight, fc1 + "weight", gated ? value : all});
    naming.slots.push_back({Slot::fc1_bias, fc1 + "bias", gated ? value : all});
    naming.slots.push_back({Slot::gate_weight, fc1 + "weight", gate});
    naming.slots.push_back({Slot::gate_bias, fc1 + "bias", gate});
}

Result<bool> recognises(CheckpointDirectory &directory) {
    const Json *config = directory.config();
    if (!config || !config->is_object() || config->contains("model_type")) return false;
    const auto architecture = config->find("architecture");
    return architecture != config->end() && architecture->is_string();
}

Result<Naming> describe(CheckpointDirectory &directory, Checkpoint &checkpoint) {
    VIT_TRY_ASSIGN(const JsonFields config, JsonFields::of(*directory.config(), directory.config_path()));
    // Files of an older form are all pretrained_cfg, and call the names of labels `labels`.
    const Json *nested = config.find("pretrained_cfg");
    VIT_TRY_ASSIGN(const JsonFields pretrained,
                   nested ? JsonFields::of(*nested, config.file(), "pretrained_cfg")
                          : JsonFields::of(*directory.config(), config.file()));
    VIT_TRY_ASSIGN(const Arguments arguments, Arguments::read(config));
    Architecture &a = checkpoint.architecture;
    VIT_TRY(read_prefix_and_pooling(arguments, config, a));
    // Where the mean is taken, the names tell whether it is normalized afterwards.
    VIT_TRY_ASSIGN(const bool fc_norm, arguments.fields().boolean("fc_norm", false));
    const bool may_be_last = fc_norm || a.pooling.features.front() == Feature::patch_mean;
    VIT_TRY_ASSIGN(a.activation, read_activation(arguments));
    VIT_TRY(read_picture(arguments, pretrained, a));
    VIT_TRY(read_sizes(arguments, config, pretrained, a));
    VIT_TRY(check_architecture(a, config.file()));
    const bool old = !nested && !config.find("label_names");
    VIT_TRY_ASSIGN(checkpoint.labels,
                   read_labels(config, pretrained, old ? "labels" : "label_names", a.labels));
    VIT_TRY_ASSIGN(checkpoint.preprocessing, read_preprocessing(pretrained, a));

    VIT_TRY_ASSIGN(TensorFiles * files, directory.tensors());
    if (files->find("patch_embed.proj.weight")) VIT_TRY(check_classifier(*files, "head.weight", a));
    a.pooling.norm_last = may_be_last && files->find("fc_norm.weight");
    Naming naming = naming_of(*files, a.pooling.norm_last);
    name_mlp(arguments.gated(), naming);
    return naming;
}

}  // namespace

const Ecosystem timm{"timm", recognises, describe};

}  // namespace vit
