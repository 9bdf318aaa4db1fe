#include "checkpoint/architecture_json.h"

#include <span>

#include "checkpoint/json_values.h"
#include "network/architecture.h"
#include "printable.h"

namespace vit {

namespace {

Result<Architecture> read_fields(const JsonFields &fields) {
    Architecture a;
    VIT_TRY_ASSIGN(const auto name, fields.text("name"));
    a.name = name.value_or("");
    ReadField read{fields, {}};
    for_each_field(a, read);
    VIT_TRY(std::move(read.result));
    return a;
}

Result<Architecture> read_with_defaults(std::string_view text) {
    VIT_TRY_ASSIGN(const JsonDocument document, parse_json(std::as_bytes(std::span(text)), "architecture"));
    JsonDocument defaults;
    put_architecture(defaults.root(), Architecture());
    VIT_TRY_ASSIGN(const JsonFields fields,
                   JsonFields::of(document.root(), "architecture", {}, &defaults.root()));
    for (const auto &[name, value] : document.root().items()) {
        if (!defaults.root().contains(name)) {
            return fail(ErrorCode::config, "architecture: there is no field " + in_quotes(name));
        }
    }
    VIT_TRY_ASSIGN(Architecture a, read_fields(fields));
    VIT_TRY(check(a));
    return a;
}

}  // namespace

void put_architecture(Json &place, const Architecture &a) {
    put_fields(place, a);
    place["name"] = printable(a.name, 0);
}

Result<Architecture> read_architecture(const JsonFields &fields) {
    VIT_TRY_ASSIGN(Architecture a, read_fields(fields));
    if (const Result<void> possible = check(a); !possible) {
        return fields.error({}, possible.error().message);
    }
    return a;
}

std::string architecture_text(const Architecture &a) {
    JsonDocument document;
    put_architecture(document.root(), a);
    return document.root().dump();
}

Result<Architecture> read_architecture_text(std::string_view text) {
    Result<Architecture> a = read_with_defaults(text);
    if (!a && a.error().code != ErrorCode::memory) a.error().code = ErrorCode::argument;
    return a;
}

}  // namespace vit
