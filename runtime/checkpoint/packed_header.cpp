#include "checkpoint/packed_header.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "checkpoint/architecture_json.h"
#include "checkpoint/checksum.h"
#include "checkpoint/json_values.h"
#include "preprocess/fields.h"

namespace vit {

namespace {

std::string hex_of(std::uint64_t value) {
    char digits[17];
    std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(value));
    return digits;
}

Result<std::uint64_t> read_hex(const Json *json, const JsonFields &fields, const char *key) {
    std::uint64_t value = 0;
    if (json && json->is_string()) {
        const std::string &text = json->get_ref<const std::string &>();
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
        if (text.size() == 16 && error == std::errc() && end == text.data() + text.size()) return value;
    }
    return fields.error(key, "is not 16 hexadecimal digits");
}

Result<Accuracy> read_accuracy(const JsonFields &fields) {
    Accuracy accuracy;
    Result<void> result;
    for_each_field(accuracy, [&]<typename T>(const char *name, T &value, auto...) {
        const Json *number = fields.find(name);
        if (result && (!number || !number->is_number())) {
            result = fields.error(name, "is not a number");
        } else if (result) {
            value = number->get<T>();
        }
    });
    VIT_TRY(std::move(result));
    return accuracy;
}

Result<Preprocessing> read_preprocessing(const JsonFields &fields) {
    Preprocessing p;
    ReadField read{fields, {}};
    for_each_field(p, read);
    VIT_TRY(std::move(read.result));
    return p;
}

// Every picture must come out in the model's size, as a checkpoint's reader demands too.
Result<void> check_size(const PackedHeader &header, const JsonFields &fields) {
    const Architecture &a = header.architecture;
    const Preprocessing &p = header.preprocessing;
    const int height = p.do_center_crop ? p.crop_height : p.height;
    const int width = p.do_center_crop ? p.crop_width : p.width;
    const bool fixed = p.do_center_crop || p.resize == Resize::squash;
    if (!fixed || (height != a.image_height || width != a.image_width)) {
        return fields.error("preprocessing", "does not make all pictures the model's size");
    }
    return {};
}

}  // namespace

JsonDocument to_json(const PackedHeader &header) {
    JsonDocument document;
    Json &json = document.root();
    json = Json::object();
    json["version"] = header.version;
    json["target"] = header.target;
    put(json["blocks"], std::array{header.blocks.lanes, header.blocks.token_tile, header.blocks.panel});
    json["packing"] = hex_of(header.packing);
    json["bytes"] = header.bytes;
    Json &checksums = json["checksums"] = Json::array();
    for (const std::uint64_t checksum : header.checksums) {
        checksums.push_back(hex_of(checksum));
    }
    put(json["precision"], header.precision);
    put_architecture(json["architecture"], header.architecture);
    put_fields(json["preprocessing"], header.preprocessing);
    put(json["labels"], header.labels);
    if (header.accuracy) {
        Json &accuracy = json["accuracy"] = Json::object();
        for_each_field(*header.accuracy,
                       [&](const char *name, const auto &value, auto...) { accuracy[name] = value; });
    }
    return document;
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
    VIT_TRY_ASSIGN(header.packing, read_hex(fields.find("packing"), fields, "packing"));
    const Json *bytes = fields.find("bytes");
    if (!bytes || !bytes->is_number_unsigned()) {
        return fields.error("bytes", "is not a count");
    }
    header.bytes = bytes->get<std::uint64_t>();
    const Json *checksums = fields.find("checksums");
    if (!checksums || !checksums->is_array() || checksums->size() != checksum_count(header.bytes)) {
        return fields.error("checksums", "is not a list of one for each " +
                                             std::to_string(checksum_chunk) + " bytes of weights");
    }
    for (const Json &checksum : *checksums) {
        VIT_TRY_ASSIGN(const std::uint64_t value, read_hex(&checksum, fields, "checksums"));
        header.checksums.push_back(value);
    }

    VIT_TRY(read_named(fields.find("precision"), fields, "precision", header.precision));

    if (const Json *accuracy = fields.find("accuracy")) {
        VIT_TRY_ASSIGN(const JsonFields figures, JsonFields::of(*accuracy, file, "accuracy"));
        VIT_TRY_ASSIGN(header.accuracy, read_accuracy(figures));
    }
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
