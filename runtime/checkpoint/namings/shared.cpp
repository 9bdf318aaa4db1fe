#include "checkpoint/namings/shared.h"

#include "network/architecture.h"
#include "preprocess/fields.h"
#include "printable.h"

namespace vit {

Result<void> read_height_width(const JsonFields &fields, const char *key, int most,
                               std::pair<int, int> &size) {
    const Json *value = fields.find(key);
    if (!value) return {};
    if (!value->is_array()) {
        VIT_TRY_ASSIGN(size.first, json_integer(*value, fields.at(key), 1, most));
        size.second = size.first;
        return {};
    }
    if (value->size() != 2) return fields.error(key, "is a list of other than two numbers");
    VIT_TRY_ASSIGN(size.first, json_integer((*value)[0], fields.at(key), 1, most));
    VIT_TRY_ASSIGN(size.second, json_integer((*value)[1], fields.at(key), 1, most));
    return {};
}

Result<void> read_channels(const JsonFields &fields, const char *key, double least,
                           std::array<double, 3> &channels) {
    const Json *value = fields.find(key);
    if (!value) return {};
    if (value->is_array() && value->size() != channels.size()) {
        return fields.error(key, "is a list of " + std::to_string(value->size()) + " instead of 3 numbers");
    }
    for (std::size_t i = 0; i < channels.size(); i++) {
        const Json &number = value->is_array() ? (*value)[i] : *value;
        VIT_TRY_ASSIGN(channels[i], json_number(number, fields.at(key), least, max_level));
    }
    return {};
}

Result<void> read_mean_and_std(const JsonFields &fields, Preprocessing &preprocessing) {
    VIT_TRY(read_channels(fields, "mean", -max_level, preprocessing.mean));
    return read_channels(fields, "std", 1e-6, preprocessing.std);
}

Result<void> read_interpolation(const JsonFields &fields, Filter &filter) {
    VIT_TRY_ASSIGN(const auto name, fields.text("interpolation"));
    if (!name) return {};
    const auto known = value_named<Filter>(*name);
    if (!known) {
        return fail(ErrorCode::unsupported,
                    fields.at("interpolation") + " is " + in_quotes(*name) + ", which cannot be followed");
    }
    filter = *known;
    return {};
}

std::vector<std::string> numbered_labels(int count) {
    std::vector<std::string> labels;
    for (int i = 0; i < count; i++) labels.push_back("LABEL_" + std::to_string(i));
    return labels;
}

Result<void> check_architecture(const Architecture &architecture, const std::string &file) {
    if (const Result<void> checked = check(architecture); !checked) {
        return fail(ErrorCode::config, printable_path(file) + ": " + checked.error().message);
    }
    return {};
}

Result<void> check_classifier(const TensorFiles &files, const std::string &name,
                              const Architecture &architecture) {
    if (files.find(name)) return {};
    return fail(ErrorCode::tensor, printable_path(files.file()) + ": tensor " + in_quotes(name) +
                                       " of shape " + shape_text({architecture.labels, architecture.width}) +
                                       " is missing: this model was saved without a classifier");
}

}  // namespace vit
