#include "checkpoint/namings/hugging_face_preprocessing.h"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

#include "checkpoint/mapped_file.h"
#include "checkpoint/namings/shared.h"
#include "printable.h"

namespace vit {

namespace {

// A class of transformers whose steps are those of Preprocessing, in their order, and what it does where a
// field is missing. DINOv3's is not among them: it rescales before it resizes.
struct Processor {
    std::string_view family;
    bool int_is_square;  // `size: 224` means 224 x 224; otherwise the shortest edge
    Preprocessing defaults;
};

Processor processor(std::string_view family) {
    const std::array<double, 3> half{0.5, 0.5, 0.5};
    const std::array<double, 3> clip_mean{0.48145466, 0.4578275, 0.40821073};
    const std::array<double, 3> clip_std{0.26862954, 0.26130258, 0.27577711};
    Preprocessing p;
    p.mean = p.std = half;
    p.filter = Filter::bicubic;
    if (family == "DeiT") {
        p.height = p.width = 256;
        p.do_center_crop = true;
    } else if (family == "Bit" || family == "CLIP") {
        p.resize = Resize::shortest_edge;
        p.shortest_edge = 224;
        p.do_center_crop = true;
        p.mean = clip_mean;
        p.std = clip_std;
    } else if (family == "ViT") {
        p.filter = Filter::bilinear;
    }
    return {family, family == "ViT" || family == "DeiT", p};
}

bool remove_suffix(std::string_view &text, std::string_view suffix) {
    if (!text.ends_with(suffix)) return false;
    text.remove_suffix(suffix.size());
    return true;
}

Result<Processor> read_processor(const JsonFields &fields, std::string_view model) {
    const char *key =
        fields.find("image_processor_type") ? "image_processor_type" : "feature_extractor_type";
    VIT_TRY_ASSIGN(const auto type, fields.text(key));
    if (!type) return processor(model);
    std::string_view name = *type;
    // The same steps in other libraries, and the name that the classes had before.
    if (!remove_suffix(name, "Fast")) remove_suffix(name, "Pil");
    if (remove_suffix(name, "ImageProcessor") || remove_suffix(name, "FeatureExtractor")) {
        for (const std::string_view family : {"ViT", "DeiT", "Bit", "CLIP", "Siglip"}) {
            if (name == family) return processor(family);
        }
    }
    return fail(ErrorCode::unsupported,
                fields.at(key) + " is " + in_quotes(*type) +
                    "; the image processors of ViT, DeiT, Bit, CLIP and Siglip can be followed");
}

using Size = std::pair<int, int>;  // height, width

// A member that has to be there.
Result<int> read_edge(const JsonFields &size, const char *key) {
    if (!size.find(key)) return size.error(key, "is missing");
    return size.integer(key, 0, 1, max_edge);
}

Result<Size> read_members(const JsonFields &size) {
    VIT_TRY_ASSIGN(const int height, read_edge(size, "height"));
    VIT_TRY_ASSIGN(const int width, read_edge(size, "width"));
    return Size(height, width);
}

std::string nested(const std::string &field, const char *key) {
    return field.empty() ? key : field + "." + key;
}

Result<void> read_resize(const JsonFields &fields, const std::string &field, bool int_is_square,
                         Preprocessing &p) {
    const Json *value = fields.find("size");
    if (!value) return {};
    p.resize = Resize::squash;
    p.shortest_edge = p.longest_edge = 0;
    if (!value->is_object()) {
        Size size;
        VIT_TRY(read_height_width(fields, "size", max_edge, size));
        std::tie(p.height, p.width) = size;
        if (value->is_array() || int_is_square) return {};
        p.resize = Resize::shortest_edge;
        p.shortest_edge = size.first;
        return {};
    }
    VIT_TRY_ASSIGN(const JsonFields size, JsonFields::of(*value, fields.file(), nested(field, "size")));
    const bool by_edge = size.find("shortest_edge") != nullptr;
    for (const auto &[key, edge] : value->items()) {
        const bool expected =
            by_edge ? key == "shortest_edge" || key == "longest_edge" : key == "height" || key == "width";
        if (edge.is_null() || expected) continue;
        return fail(ErrorCode::unsupported, size.at(key) +
                                                " cannot be followed; a size is height and width, or " +
                                                "shortest_edge with or without longest_edge");
    }
    if (by_edge) {
        p.resize = Resize::shortest_edge;
        VIT_TRY_ASSIGN(p.shortest_edge, read_edge(size, "shortest_edge"));
        VIT_TRY_ASSIGN(p.longest_edge, size.integer("longest_edge", 0, 1, max_edge));
    } else {
        VIT_TRY_ASSIGN(std::tie(p.height, p.width), read_members(size));
    }
    return {};
}

Result<void> read_crop(const JsonFields &fields, const std::string &field, Preprocessing &p) {
    const Json *value = fields.find("crop_size");
    if (!value) return {};
    if (value->is_object()) {
        VIT_TRY_ASSIGN(const JsonFields crop,
                       JsonFields::of(*value, fields.file(), nested(field, "crop_size")));
        VIT_TRY_ASSIGN(std::tie(p.crop_height, p.crop_width), read_members(crop));
        return {};
    }
    Size size;
    VIT_TRY(read_height_width(fields, "crop_size", max_edge, size));
    std::tie(p.crop_height, p.crop_width) = size;
    return {};
}

std::string size_text(int height, int width) {
    return std::to_string(height) + "x" + std::to_string(width);
}

}  // namespace

Result<Preprocessing> parse_preprocessing(const Json &json, const std::string &file,
                                          const std::string &field, std::string_view family) {
    VIT_TRY_ASSIGN(const JsonFields fields, JsonFields::of(json, file, field));
    VIT_TRY_ASSIGN(const Processor processor, read_processor(fields, family));
    for (const char *key : {"do_pad", "use_square_size"}) {
        VIT_TRY_ASSIGN(const bool asked, fields.boolean(key, false));
        if (asked)
            return fail(ErrorCode::unsupported, fields.at(key) + " is true, which cannot be followed");
    }

    // A field is only looked at if the step that it belongs to is taken.
    Preprocessing p = processor.defaults;
    VIT_TRY_ASSIGN(const bool resized, fields.boolean("do_resize", true));
    if (!resized) p.resize = Resize::none;
    if (resized) {
        VIT_TRY_ASSIGN(const bool square, fields.boolean("default_to_square", processor.int_is_square));
        VIT_TRY(read_resize(fields, field, square, p));
        VIT_TRY_ASSIGN(const int filter, fields.integer("resample", static_cast<int>(p.filter), 0, 5));
        p.filter = static_cast<Filter>(filter);
    }
    VIT_TRY_ASSIGN(p.do_center_crop, fields.boolean("do_center_crop", p.do_center_crop));
    if (p.do_center_crop) VIT_TRY(read_crop(fields, field, p));
    VIT_TRY_ASSIGN(p.do_rescale, fields.boolean("do_rescale", p.do_rescale));
    if (p.do_rescale) {
        VIT_TRY_ASSIGN(p.rescale_factor,
                       fields.number("rescale_factor", p.rescale_factor, 1e-9, max_level));
    }
    VIT_TRY_ASSIGN(p.do_normalize, fields.boolean("do_normalize", p.do_normalize));
    if (p.do_normalize) {
        VIT_TRY(read_channels(fields, "image_mean", -max_level, p.mean));
        VIT_TRY(read_channels(fields, "image_std", 1e-6, p.std));
    }
    return p;
}

Result<void> check_output_size(const Preprocessing &p, const Architecture &a, const std::string &file) {
    const auto check = [&](const char *key, int height, int width) -> Result<void> {
        if (height == a.image_height && width == a.image_width) return {};
        return fail(ErrorCode::config, printable_path(file) + ": " + key + " is " +
                                           size_text(height, width) + ", but the model's image_size is " +
                                           size_text(a.image_height, a.image_width));
    };
    if (p.do_center_crop) return check("crop_size", p.crop_height, p.crop_width);
    if (p.resize == Resize::squash) return check("size", p.height, p.width);
    const char *why = p.resize == Resize::none ? "do_resize is false" : "size gives a shortest_edge";
    return fail(ErrorCode::unsupported,
                printable_path(file) + ": " + why + " and do_center_crop is false, so pictures " +
                    "would not all get the model's image_size " + size_text(a.image_height, a.image_width));
}

Result<Preprocessing> read_preprocessing(const Files &files, const Architecture &architecture,
                                         std::string_view family) {
    const char *name = "processor_config.json";
    std::string file = files.path(name), field;
    JsonDocument document;
    const Json *json = nullptr;
    if (files.has(name)) {
        VIT_TRY_ASSIGN(document, read_json(files, name));
        VIT_TRY_ASSIGN(const JsonFields fields, JsonFields::of(document.root(), file));
        json = fields.find("image_processor");
        if (json) field = "image_processor";
    }
    if (!json) {
        name = "preprocessor_config.json";
        file = files.path(name);
        if (!files.has(name)) {
            return fail(ErrorCode::io, printable_path(files.name()) +
                                           ": has neither preprocessor_config.json nor a " +
                                           "processor_config.json with an image_processor in it");
        }
        VIT_TRY_ASSIGN(document, read_json(files, name));
        json = &document.root();
    }
    VIT_TRY_ASSIGN(const Preprocessing preprocessing, parse_preprocessing(*json, file, field, family));
    VIT_TRY(check_output_size(preprocessing, architecture, file));
    return preprocessing;
}

}  // namespace vit
