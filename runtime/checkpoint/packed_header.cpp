#include "checkpoint/packed_header.h"

#include "network/architecture.h"
#include "printable.h"

namespace vit {

namespace {

constexpr int most = 1 << 20;

Json to_json(const Architecture &a) {
    return {{"name", printable(a.name, 0)},
            {"image_height", a.image_height},
            {"image_width", a.image_width},
            {"patch_height", a.patch_height},
            {"patch_width", a.patch_width},
            {"channels", a.channels},
            {"width", a.width},
            {"depth", a.depth},
            {"heads", a.heads},
            {"mlp_width", a.mlp_width},
            {"labels", a.labels},
            {"layer_norm_epsilon", a.layer_norm_epsilon},
            {"qkv_bias", a.qkv_bias},
            {"activation", static_cast<int>(a.activation)},
            {"scores", static_cast<int>(a.scores)}};
}

Json to_json(const Preprocessing &p) {
    return {{"do_resize", p.do_resize},
            {"height", p.height},
            {"width", p.width},
            {"shortest_edge", p.shortest_edge},
            {"longest_edge", p.longest_edge},
            {"filter", static_cast<int>(p.filter)},
            {"do_center_crop", p.do_center_crop},
            {"crop_height", p.crop_height},
            {"crop_width", p.crop_width},
            {"do_rescale", p.do_rescale},
            {"rescale_factor", p.rescale_factor},
            {"do_normalize", p.do_normalize},
            {"mean", p.mean},
            {"std", p.std}};
}

Result<Architecture> read_architecture(const JsonFields &fields) {
    Architecture a;
    VIT_TRY_ASSIGN(const auto name, fields.text("name"));
    a.name = name.value_or("");
    for (const auto &[key, value] : {std::pair<const char *, int *>{"image_height", &a.image_height},
                                     {"image_width", &a.image_width},
                                     {"patch_height", &a.patch_height},
                                     {"patch_width", &a.patch_width},
                                     {"channels", &a.channels},
                                     {"width", &a.width},
                                     {"depth", &a.depth},
                                     {"heads", &a.heads},
                                     {"mlp_width", &a.mlp_width},
                                     {"labels", &a.labels}}) {
        VIT_TRY_ASSIGN(*value, fields.integer(key, 0, 1, most));
    }
    VIT_TRY_ASSIGN(a.layer_norm_epsilon, fields.number("layer_norm_epsilon", 0, 0, 1));
    VIT_TRY_ASSIGN(a.qkv_bias, fields.boolean("qkv_bias", true));
    VIT_TRY_ASSIGN(const int activation, fields.integer("activation", 0, 0, 1));
    VIT_TRY_ASSIGN(const int scores, fields.integer("scores", 0, 0, 2));
    a.activation = static_cast<Activation>(activation);
    a.scores = static_cast<Scores>(scores);
    if (const Result<void> possible = check(a); !possible) {
        return fields.error({}, possible.error().message);
    }
    return a;
}

Result<std::array<double, 3>> read_triple(const JsonFields &fields, const char *key) {
    const Json *list = fields.find(key);
    if (!list || !list->is_array() || list->size() != 3) {
        return fields.error(key, "is not a list of 3 numbers");
    }
    std::array<double, 3> triple{};
    for (int i = 0; i < 3; i++) {
        VIT_TRY_ASSIGN(triple[i], json_number((*list)[i], fields.at(key), -1e6, 1e6));
    }
    return triple;
}

Result<Preprocessing> read_preprocessing(const JsonFields &fields) {
    Preprocessing p;
    VIT_TRY_ASSIGN(p.do_resize, fields.boolean("do_resize", true));
    VIT_TRY_ASSIGN(p.height, fields.integer("height", 0, 0, most));
    VIT_TRY_ASSIGN(p.width, fields.integer("width", 0, 0, most));
    VIT_TRY_ASSIGN(p.shortest_edge, fields.integer("shortest_edge", 0, 0, most));
    VIT_TRY_ASSIGN(p.longest_edge, fields.integer("longest_edge", 0, 0, most));
    VIT_TRY_ASSIGN(const int filter, fields.integer("filter", 2, 0, 5));
    p.filter = static_cast<Filter>(filter);
    VIT_TRY_ASSIGN(p.do_center_crop, fields.boolean("do_center_crop", false));
    VIT_TRY_ASSIGN(p.crop_height, fields.integer("crop_height", 0, 0, most));
    VIT_TRY_ASSIGN(p.crop_width, fields.integer("crop_width", 0, 0, most));
    VIT_TRY_ASSIGN(p.do_rescale, fields.boolean("do_rescale", true));
    VIT_TRY_ASSIGN(p.rescale_factor, fields.number("rescale_factor", 1.0 / 255, -1e6, 1e6));
    VIT_TRY_ASSIGN(p.do_normalize, fields.boolean("do_normalize", true));
    VIT_TRY_ASSIGN(p.mean, read_triple(fields, "mean"));
    VIT_TRY_ASSIGN(p.std, read_triple(fields, "std"));
    return p;
}

// Every picture must come out in the model's size, as a checkpoint's reader demands too.
Result<void> check_size(const PackedHeader &header, const JsonFields &fields) {
    const Architecture &a = header.architecture;
    const Preprocessing &p = header.preprocessing;
    const int height = p.do_center_crop ? p.crop_height : p.height;
    const int width = p.do_center_crop ? p.crop_width : p.width;
    const bool fixed = p.do_center_crop || (p.do_resize && p.shortest_edge == 0);
    if (!fixed || (height != a.image_height || width != a.image_width)) {
        return fields.error("preprocessing", "does not make all pictures the model's size");
    }
    return {};
}

}  // namespace

Json to_json(const PackedHeader &header) {
    Json labels = Json::array();
    for (const std::string &label : header.labels) {
        labels.push_back(label);
    }
    return {{"version", header.version},
            {"target", header.target},
            {"blocks", {header.blocks.lanes, header.blocks.token_tile, header.blocks.panel}},
            {"floats", header.floats},
            {"architecture", to_json(header.architecture)},
            {"preprocessing", to_json(header.preprocessing)},
            {"labels", labels}};
}

Result<PackedHeader> read_packed_header(const Json &json, const std::string &file) {
    VIT_TRY_ASSIGN(const JsonFields fields, JsonFields::of(json, file));
    PackedHeader header;
    VIT_TRY_ASSIGN(const auto version, fields.text("version"));
    VIT_TRY_ASSIGN(const auto target, fields.text("target"));
    header.version = version.value_or("");
    header.target = target.value_or("");

    const Json *blocks = fields.find("blocks");
    if (!blocks || !blocks->is_array() || blocks->size() != 3) {
        return fields.error("blocks", "is not a list of 3 sizes");
    }
    int *const sizes[] = {&header.blocks.lanes, &header.blocks.token_tile, &header.blocks.panel};
    for (int i = 0; i < 3; i++) {
        VIT_TRY_ASSIGN(*sizes[i], json_integer((*blocks)[i], fields.at("blocks"), 1, 1024));
    }
    const Json *floats = fields.find("floats");
    if (!floats || !floats->is_number_unsigned()) {
        return fields.error("floats", "is not a count");
    }
    header.floats = floats->get<std::int64_t>();

    const Json nothing = Json::object();
    const Json *architecture = fields.find("architecture"), *preprocessing = fields.find("preprocessing");
    VIT_TRY_ASSIGN(const JsonFields sizes_of_model,
                   JsonFields::of(architecture ? *architecture : nothing, file, "architecture"));
    VIT_TRY_ASSIGN(header.architecture, read_architecture(sizes_of_model));
    VIT_TRY_ASSIGN(const JsonFields steps,
                   JsonFields::of(preprocessing ? *preprocessing : nothing, file, "preprocessing"));
    VIT_TRY_ASSIGN(header.preprocessing, read_preprocessing(steps));
    VIT_TRY(check_size(header, fields));

    const Json *labels = fields.find("labels");
    if (!labels || !labels->is_array() || static_cast<int>(labels->size()) != header.architecture.labels) {
        return fields.error("labels", "is not a list of one name a label");
    }
    for (const Json &label : *labels) {
        if (!label.is_string()) {
            return fields.error("labels", "has an entry that is no text");
        }
        header.labels.push_back(label.get<std::string>());
    }
    return header;
}

}  // namespace vit
