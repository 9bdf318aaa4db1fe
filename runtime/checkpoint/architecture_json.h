// An architecture as a JSON object: what vit/fields.h lists, and its name.
#pragma once

#include <string>
#include <string_view>

#include "checkpoint/json.h"

namespace vit {

// Into the null that stands in a document already.
void put_architecture(Json &place, const Architecture &architecture);
// Every field has to be there, or in the defaults of `fields`. Errors: config.
Result<Architecture> read_architecture(const JsonFields &fields);

// The same as an app writes and reads it: fields that are missing are those of Architecture{}, what is no
// field of one is an error. Errors: argument.
std::string architecture_text(const Architecture &architecture);
Result<Architecture> read_architecture_text(std::string_view text);

}  // namespace vit
