// JSON from untrusted files: bounded in size, depth and number of values, no duplicate keys; and fields
// read with their type and range checked, so that every error names file and field.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "error.h"
#include "checkpoint/files.h"

namespace vit {

using Json = nlohmann::json;

namespace json_limit {
inline constexpr std::size_t bytes = 64 << 20;  // a whole file
// Numbers, strings and containers together: as many labels as there may be, and as much again.
inline constexpr std::size_t values = 1 << 21;
inline constexpr std::size_t depth = 32;        // nested containers
inline constexpr std::size_t key_bytes = 4096;
}  // namespace json_limit

// A tree of values, in the only place where there may be one that holds others. The destructor of such a
// value allocates, which ends the program where there is no memory: a document is taken apart from its
// leaves on, and values are put into it where they are to stay, each by itself. Nothing copies one.
class JsonDocument {
public:
    JsonDocument() = default;  // null
    JsonDocument(JsonDocument &&other) noexcept { root_.swap(other.root_); }
    JsonDocument &operator=(JsonDocument &&other) noexcept {
        root_.swap(other.root_);
        return *this;
    }
    ~JsonDocument();

    const Json &root() const { return root_; }
    Json &root() { return root_; }

private:
    Json root_;
};

// Errors: format. `file` is the path, for messages.
Result<JsonDocument> parse_json(Bytes text, const std::string &file);
// The same from a file of at most json_limit::bytes. Errors: io, format.
Result<JsonDocument> read_json(const Files &files, std::string_view file);

// One object of a JSON file. Every reader takes the value to return where the field is missing or null, and
// the closed range that is allowed. Errors: config, naming file and field.
class JsonFields {
public:
    // `field` is the path of the object inside the file ("image_processor"), empty for the file's own.
    // `defaults`, which may be null, is an object that has the fields that this one has not. Borrows both.
    static Result<JsonFields> of(const Json &object, std::string file, std::string field = {},
                                 const Json *defaults = nullptr);

    // The field's value; null pointer where it is missing or null.
    const Json *find(std::string_view key) const;
    Result<int> integer(const char *key, int fallback, int least, int most) const;
    Result<double> number(const char *key, double fallback, double least, double most) const;
    Result<bool> boolean(const char *key, bool fallback) const;
    // Empty optional where missing or null.
    Result<std::optional<std::string>> text(const char *key) const;

    // "path/config.json: hidden_size": how a message about the field begins. No key: the object itself.
    std::string at(std::string_view key = {}) const;
    tl::unexpected<Error> error(std::string_view key, const std::string &what) const;
    const std::string &file() const { return file_; }

private:
    JsonFields(const Json &object, std::string file, std::string field, const Json *defaults)
        : object_(&object), defaults_(defaults), file_(std::move(file)), field_(std::move(field)) {}

    const Json *object_, *defaults_;
    std::string file_, field_;
};

// The same for a value that stands alone, such as an element of a list; `where` begins the message.
Result<int> json_integer(const Json &value, const std::string &where, int least, int most);
Result<double> json_number(const Json &value, const std::string &where, double least, double most);

// Whether a value is this text. (nlohmann's == makes a value of a text, in a function that may not throw.)
bool is_text(const Json &value, std::string_view text);

// A value shortened for a message: 7, 'text', a list, an object.
std::string json_text(const Json &value);

}  // namespace vit
