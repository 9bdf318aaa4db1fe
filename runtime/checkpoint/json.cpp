#include "checkpoint/json.h"

#include <cmath>
#include <cstdio>
#include <vector>

#include "printable.h"

namespace vit {

namespace {

// Builds the document from the parser's events; stops at the first thing that is not allowed, which
// `problem` then names.
class Builder final : public nlohmann::json_sax<Json> {
public:
    JsonDocument document;
    std::string problem;

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t &) override { return add(value); }
    bool string(string_t &value) override { return add(std::move(value)); }
    bool binary(binary_t &) override { return stop("contains binary data"); }
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t &name) override {
        if (name.size() > json_limit::key_bytes) return stop("key " + in_quotes(name) + " is too long");
        const auto [place, is_new] = open_.back()->emplace(std::move(name), nullptr);
        if (!is_new) return stop("key " + in_quotes(place.key()) + " appears twice");
        member_ = &*place;
        return true;
    }

    bool parse_error(std::size_t position, const std::string &, const Json::exception &) override {
        return stop("is not valid JSON (at byte " + std::to_string(position) + ")");
    }

private:
    // Open containers, outermost first. A container is not touched while one inside it is open: the
    // pointers stay valid.
    std::vector<Json *> open_;
    Json *member_ = nullptr;  // where the value of the last key goes
    std::size_t values_ = 0;

    bool stop(std::string what) {
        problem = std::move(what);
        return false;
    }

    Json *place(Json &&value) {
        if (open_.empty()) return &(document.root() = std::move(value));
        if (open_.back()->is_object()) return &(*member_ = std::move(value));
        open_.back()->push_back(std::move(value));
        return &open_.back()->back();
    }

    bool add(Json value) {
        if (++values_ > json_limit::values) return stop("holds too many values");
        place(std::move(value));
        return true;
    }

    bool open(Json container) {
        if (++values_ > json_limit::values) return stop("holds too many values");
        if (open_.size() == json_limit::depth) return stop("is nested too deeply");
        open_.push_back(place(std::move(container)));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }
};

// Deeper than json_limit::depth there is none.
void take_apart(Json &value) noexcept {
    if (!value.is_structured()) return;
    for (Json &child : value) take_apart(child);
    value.clear();
}

std::string range_text(double least, double most) {
    char text[80];
    std::snprintf(text, sizeof text, "%.10g to %.10g", least, most);
    return text;
}

}  // namespace

JsonDocument::~JsonDocument() { take_apart(root_); }

Result<JsonDocument> parse_json(Bytes text, const std::string &file) {
    Builder builder;
    const auto *begin = reinterpret_cast<const char *>(text.data());
    const bool complete = Json::sax_parse(begin, begin + text.size(), &builder);
    if (!complete) return fail(ErrorCode::format, printable_path(file) + ": " + builder.problem);
    return std::move(builder.document);
}

Result<JsonDocument> read_json(const Files &files, std::string_view file) {
    VIT_TRY_ASSIGN(const Files::Contents contents, files.open(file));
    const std::string path = files.path(file);
    if (contents.bytes.size() > json_limit::bytes) {
        return fail(ErrorCode::format, printable_path(path) + ": is too large for a JSON file (" +
                                           std::to_string(contents.bytes.size()) + " bytes)");
    }
    return parse_json(contents.bytes, path);
}

Result<JsonFields> JsonFields::of(const Json &object, std::string file, std::string field,
                                  const Json *defaults) {
    JsonFields fields(object, std::move(file), std::move(field), defaults);
    if (!object.is_object()) return fail(ErrorCode::config, fields.at() + " is not a JSON object");
    return fields;
}

const Json *JsonFields::find(std::string_view key) const {
    auto found = object_->find(key);
    if (found == object_->end()) {
        if (!defaults_) return nullptr;
        found = defaults_->find(key);
        if (found == defaults_->end()) return nullptr;
    }
    return found->is_null() ? nullptr : &*found;
}

Result<int> JsonFields::integer(const char *key, int fallback, int least, int most) const {
    const Json *value = find(key);
    return value ? json_integer(*value, at(key), least, most) : Result<int>(fallback);
}

Result<double> JsonFields::number(const char *key, double fallback, double least, double most) const {
    const Json *value = find(key);
    return value ? json_number(*value, at(key), least, most) : Result<double>(fallback);
}

Result<bool> JsonFields::boolean(const char *key, bool fallback) const {
    const Json *value = find(key);
    if (!value) return fallback;
    if (!value->is_boolean()) return error(key, "is " + json_text(*value) + ", not true or false");
    return value->get<bool>();
}

Result<std::optional<std::string>> JsonFields::text(const char *key) const {
    const Json *value = find(key);
    if (!value) return std::optional<std::string>();
    if (!value->is_string()) return error(key, "is " + json_text(*value) + ", not a string");
    return std::optional<std::string>(value->get_ref<const std::string &>());
}

std::string JsonFields::at(std::string_view key) const {
    std::string field = field_;
    if (!field.empty() && !key.empty()) field += ".";
    field += printable(key);
    return printable_path(file_) + (field.empty() ? ":" : ": ") + field;
}

tl::unexpected<Error> JsonFields::error(std::string_view key, const std::string &what) const {
    return fail(ErrorCode::config, at(key) + " " + what);
}

Result<int> json_integer(const Json &value, const std::string &where, int least, int most) {
    if (!value.is_number_integer()) {
        return fail(ErrorCode::config, where + " is " + json_text(value) + ", not a whole number");
    }
    // Unsigned values beyond the signed range would wrap to negative ones.
    const bool huge = value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX};
    if (huge || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) {
        return fail(ErrorCode::config,
                    where + " is " + json_text(value) + ", outside " + range_text(least, most));
    }
    return value.get<int>();
}

Result<double> json_number(const Json &value, const std::string &where, double least, double most) {
    if (!value.is_number())
        return fail(ErrorCode::config, where + " is " + json_text(value) + ", not a number");
    const double number = value.get<double>();
    if (!(number >= least && number <= most)) {
        return fail(ErrorCode::config,
                    where + " is " + json_text(value) + ", outside " + range_text(least, most));
    }
    return number;
}

bool is_text(const Json &value, std::string_view text) {
    return value.is_string() && value.get_ref<const std::string &>() == text;
}

std::string json_text(const Json &value) {
    if (value.is_string()) return in_quotes(value.get_ref<const std::string &>(), 40);
    if (value.is_array()) return "a list";
    if (value.is_object()) return "an object";
    return value.dump();
}

}  // namespace vit
