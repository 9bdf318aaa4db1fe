// Models of torchvision, saved as safetensors. torchvision writes no configuration: sizes are those of the
// tensors. What these do not tell, what pictures become and how many heads attention has, follows from which
// of the published weights they are: by their sizes, or by a config.json that names them as torchvision
// does,
//     {"torchvision": {"weights": "ViT_B_16_Weights.IMAGENET1K_V1"}},
// or it stands there, in the arguments of torchvision's transform:
//     {"torchvision": {"num_heads": 12, "transforms": {"crop_size": 224, "resize_size": 256}}}.
#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "checkpoint/ecosystem.h"
#include "checkpoint/namings/shared.h"
#include "printable.h"

namespace vit {

extern const Ecosystem torchvision;

namespace {

struct Weights {
    std::string_view name;
    int width, depth, patch, image;  // image: the transform's crop_size, too
    int resize_size;
    Filter filter;
};

constexpr Weights published[] = {
    {"ViT_B_16_Weights.IMAGENET1K_V1", 768, 12, 16, 224, 256, Filter::bilinear},
    {"ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1", 768, 12, 16, 384, 384, Filter::bicubic},
    {"ViT_B_16_Weights.IMAGENET1K_SWAG_LINEAR_V1", 768, 12, 16, 224, 224, Filter::bicubic},
    {"ViT_B_32_Weights.IMAGENET1K_V1", 768, 12, 32, 224, 256, Filter::bilinear},
    {"ViT_L_16_Weights.IMAGENET1K_V1", 1024, 24, 16, 224, 242, Filter::bilinear},
    {"ViT_L_16_Weights.IMAGENET1K_SWAG_E2E_V1", 1024, 24, 16, 512, 512, Filter::bicubic},
    {"ViT_L_16_Weights.IMAGENET1K_SWAG_LINEAR_V1", 1024, 24, 16, 224, 224, Filter::bicubic},
    {"ViT_L_32_Weights.IMAGENET1K_V1", 1024, 24, 32, 224, 256, Filter::bilinear},
    {"ViT_H_14_Weights.IMAGENET1K_SWAG_E2E_V1", 1280, 32, 14, 518, 518, Filter::bicubic},
    {"ViT_H_14_Weights.IMAGENET1K_SWAG_LINEAR_V1", 1280, 32, 14, 224, 224, Filter::bicubic},
};
constexpr int published_labels = 1000;

// What is trained further has a classifier of its own, and takes the same pictures.
bool has_sizes(const Weights &weights, const Architecture &a) {
    return weights.width == a.width && weights.patch == a.patch_height && weights.image == a.image_height;
}

const std::string blocks = "encoder.layers.encoder_layer_", block = blocks + "{}.";

bool has_old_names(const TensorFiles &files) { return files.find(blocks + "0.mlp.linear_1.weight"); }

Naming naming_of(const TensorFiles &files) {
    const bool old = has_old_names(files);
    const std::string fc1 = block + (old ? "mlp.linear_1." : "mlp.0.");
    const std::string fc2 = block + (old ? "mlp.linear_2." : "mlp.3.");
    const std::string attention = block + "self_attention.";
    Naming naming;
    naming.block = blocks;
    naming.depth_from = "the depth";
    naming.positions_from = "pictures and patches";
    naming.ignorable = [](std::string_view) { return false; };
    naming.slots = {{Slot::patch_weight, "conv_proj.weight"},
                    {Slot::patch_bias, "conv_proj.bias"},
                    {Slot::class_token, "class_token", {}, 2},
                    {Slot::positions, "encoder.pos_embedding", {}, 1},
                    {Slot::norm1_gamma, block + "ln_1.weight"},
                    {Slot::norm1_beta, block + "ln_1.bias"},
                    {Slot::query_weight, attention + "in_proj_weight", {0, 3}},
                    {Slot::query_bias, attention + "in_proj_bias", {0, 3}},
                    {Slot::key_weight, attention + "in_proj_weight", {1, 3}},
                    {Slot::key_bias, attention + "in_proj_bias", {1, 3}},
                    {Slot::value_weight, attention + "in_proj_weight", {2, 3}},
                    {Slot::value_bias, attention + "in_proj_bias", {2, 3}},
                    {Slot::proj_weight, attention + "out_proj.weight"},
                    {Slot::proj_bias, attention + "out_proj.bias"},
                    {Slot::norm2_gamma, block + "ln_2.weight"},
                    {Slot::norm2_beta, block + "ln_2.bias"},
                    {Slot::fc1_weight, fc1 + "weight"},
                    {Slot::fc1_bias, fc1 + "bias"},
                    {Slot::fc2_weight, fc2 + "weight"},
                    {Slot::fc2_bias, fc2 + "bias"},
                    {Slot::norm_gamma, "encoder.ln.weight"},
                    {Slot::norm_beta, "encoder.ln.bias"},
                    {Slot::head_weight, "heads.head.weight"},
                    {Slot::head_bias, "heads.head.bias"}};
    return naming;
}

// The shape of a tensor that sizes are taken from. Errors: tensor.
Result<TensorShape> shape_of(const TensorFiles &files, const std::string &name, std::size_t dimensions) {
    const StoredTensor *tensor = files.find(name);
    if (!tensor) {
        return fail(ErrorCode::tensor,
                    printable_path(files.file()) + ": tensor " + in_quotes(name) + " is missing");
    }
    bool sound = tensor->shape.size() == dimensions;
    for (const std::int64_t extent : tensor->shape) sound = sound && extent >= 1 && extent <= max_size;
    if (!sound) {
        return fail(ErrorCode::tensor, printable_path(tensor->file) + ": tensor " + in_quotes(name) +
                                           " has shape " + shape_text(tensor->shape) + " instead of " +
                                           std::to_string(dimensions) + " sizes");
    }
    return tensor->shape;
}

Result<void> read_sizes(const TensorFiles &files, Architecture &a) {
    VIT_TRY_ASSIGN(const TensorShape patch, shape_of(files, "conv_proj.weight", 4));
    VIT_TRY_ASSIGN(const TensorShape positions, shape_of(files, "encoder.pos_embedding", 3));
    const std::string fc1 = blocks + (has_old_names(files) ? "0.mlp.linear_1.weight" : "0.mlp.0.weight");
    VIT_TRY_ASSIGN(const TensorShape mlp, shape_of(files, fc1, 2));
    VIT_TRY_ASSIGN(const TensorShape head, shape_of(files, "heads.head.weight", 2));
    a.width = static_cast<int>(patch[0]);
    a.channels = static_cast<int>(patch[1]);
    a.patch_height = a.patch_width = static_cast<int>(patch[2]);
    if (a.channels != 3 || patch[2] != patch[3]) {
        return fail(ErrorCode::unsupported,
                    printable_path(files.file()) + ": tensor 'conv_proj.weight' has shape " +
                        shape_text(patch) + "; patches have three channels and are square");
    }
    const int side = static_cast<int>(std::sqrt(static_cast<double>(positions[1] - 1)));
    if (side < 1 || positions[1] != std::int64_t{side} * side + 1 || side > max_edge / a.patch_height) {
        return fail(ErrorCode::tensor,
                    printable_path(files.file()) + ": tensor 'encoder.pos_embedding' has " +
                        std::to_string(positions[1]) +
                        " positions, not one and those of a square of patches");
    }
    a.image_height = a.image_width = side * a.patch_height;
    a.depth = count_blocks(files.tensors(), blocks);
    if (a.depth > max_layers) {
        return fail(ErrorCode::tensor, printable_path(files.file()) + ": has " + std::to_string(a.depth) +
                                           " layers, more than " + std::to_string(max_layers));
    }
    a.mlp_width = static_cast<int>(mlp[0]);
    a.labels = static_cast<int>(head[0]);
    a.layer_norm_epsilon = 1e-6f;
    return {};
}

Result<void> check_keys(const Json &object, const JsonFields &fields,
                        std::initializer_list<std::string_view> known) {
    for (const auto &[key, value] : object.items()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        return fields.error(key, "is not known");
    }
    return {};
}

// torchvision.transforms._presets.ImageClassification.
Preprocessing image_classification(int crop_size, int resize_size, Filter filter) {
    Preprocessing p;
    p.resize = Resize::shortest_edge;
    p.shortest_edge = resize_size;
    p.filter = filter;
    p.do_center_crop = true;
    p.crop_height = p.crop_width = crop_size;
    p.remainder = Remainder::half_to_even;
    p.mean = imagenet_mean;
    p.std = imagenet_std;
    return p;
}

Result<Preprocessing> read_transforms(const Json &json, const std::string &file, const Architecture &a) {
    VIT_TRY_ASSIGN(const JsonFields fields, JsonFields::of(json, file, "torchvision.transforms"));
    VIT_TRY(check_keys(json, fields, {"crop_size", "resize_size", "interpolation", "mean", "std"}));
    if (!fields.find("crop_size")) return fields.error("crop_size", "is missing");
    VIT_TRY_ASSIGN(const int crop_size, fields.integer("crop_size", 0, 1, max_edge));
    VIT_TRY_ASSIGN(const int resize_size, fields.integer("resize_size", 256, 1, max_edge));
    if (crop_size != a.image_height) {
        return fields.error("crop_size", "is " + std::to_string(crop_size) +
                                             ", but the tensors are for pictures of " +
                                             std::to_string(a.image_height) + "x" +
                                             std::to_string(a.image_width));
    }
    Preprocessing p = image_classification(crop_size, resize_size, Filter::bilinear);
    VIT_TRY(read_interpolation(fields, p.filter));
    VIT_TRY(read_mean_and_std(fields, p));
    return p;
}

Result<Preprocessing> of_weights(const JsonFields &fields, const std::string &name, const Architecture &a) {
    for (const Weights &weights : published) {
        if (name != weights.name) continue;
        if (!has_sizes(weights, a)) {
            return fields.error("weights",
                                "is " + in_quotes(name) + ", whose sizes are not those of the tensors");
        }
        return image_classification(weights.image, weights.resize_size, weights.filter);
    }
    return fields.error("weights", "is " + in_quotes(name) + ", which torchvision has not published");
}

// Of tensors that come without a word.
Result<Preprocessing> by_sizes(const std::string &config_path, const Architecture &a) {
    std::vector<const Weights *> candidates;
    for (const Weights &weights : published) {
        const bool as_published = weights.depth == a.depth && a.labels == published_labels;
        if (as_published && has_sizes(weights, a)) candidates.push_back(&weights);
    }
    if (candidates.size() == 1) {
        const Weights &weights = *candidates.front();
        return image_classification(weights.image, weights.resize_size, weights.filter);
    }
    if (candidates.empty()) {
        return fail(ErrorCode::config,
                    printable_path(config_path) +
                        ": has to say what pictures become, since the tensors are none that torchvision has "
                        "published: {\"torchvision\": {\"transforms\": {\"crop_size\": " +
                        std::to_string(a.image_height) +
                        ", \"resize_size\": 256, \"interpolation\": \"bilinear\"}}}, with the sizes and the "
                        "filter that they were trained with");
    }
    std::string names;
    for (const Weights *weights : candidates) {
        names += (names.empty() ? "\"" : " or \"") + std::string(weights->name) + "\"";
    }
    return fail(ErrorCode::config,
                printable_path(config_path) +
                    ": has to say which weights these are, since torchvision has published several of their "
                    "sizes: {\"torchvision\": {\"weights\": " +
                    names + "}}");
}

// By the width, where it is one of torchvision's own. 0: not known.
int usual_heads(int width) {
    return width == 768 ? 12 : width == 1024 || width == 1280 ? 16
                                                              : 0;
}

Result<bool> recognises(CheckpointDirectory &directory) {
    if (const Json *config = directory.config()) {
        if (!config->is_object() || config->contains("model_type")) return false;
        if (config->contains("torchvision")) return true;
    }
    const auto files = directory.tensors();
    return files && (*files)->find("conv_proj.weight") && (*files)->find("class_token") &&
           (*files)->find("encoder.pos_embedding");
}

Result<Naming> describe(CheckpointDirectory &directory, Checkpoint &checkpoint) {
    VIT_TRY_ASSIGN(TensorFiles * files, directory.tensors());
    Architecture &a = checkpoint.architecture;
    VIT_TRY(read_sizes(*files, a));

    static const Json nothing = Json::object();
    const std::string file = directory.config_path();
    const bool told = directory.config() && directory.config()->contains("torchvision");
    const Json &json = told ? directory.config()->at("torchvision") : nothing;
    VIT_TRY_ASSIGN(const JsonFields fields, JsonFields::of(json, file, "torchvision"));
    VIT_TRY(check_keys(json, fields, {"weights", "num_heads", "transforms"}));
    VIT_TRY_ASSIGN(const auto weights, fields.text("weights"));
    const Json *transforms = fields.find("transforms");
    if (weights && transforms) return fields.error("transforms", "is given, but weights say what they are");
    VIT_TRY_ASSIGN(checkpoint.preprocessing, weights      ? of_weights(fields, *weights, a)
                                             : transforms ? read_transforms(*transforms, file, a)
                                                          : by_sizes(file, a));
    VIT_TRY_ASSIGN(a.heads, fields.integer("num_heads", usual_heads(a.width), 0, max_size));
    if (a.heads == 0) {
        return fields.error("num_heads", "has to say how many heads attention has, since " +
                                             std::to_string(a.width) + " channels do not tell");
    }
    VIT_TRY(check_architecture(a, file));
    checkpoint.labels = numbered_labels(a.labels);
    return naming_of(*files);
}

}  // namespace

const Ecosystem torchvision{"torchvision", recognises, describe};

}  // namespace vit
