// Names that come from files, made fit for a sentence shown to a person.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vit {

// The text with control characters and malformed UTF-8 as \xNN, cut with "..." after `limit` bytes of
// output; 0: not cut.
std::string printable(std::string_view text, std::size_t limit = 80);

// The same for a path, of which only a very long one is cut, at its beginning: its end tells more.
std::string printable_path(std::string_view path);

// The same in single quotes.
std::string in_quotes(std::string_view text, std::size_t limit = 80);

// "[768, 3, 16, 16]".
std::string shape_text(const std::vector<std::int64_t> &shape);

// "directory/name", ready for messages and for opening.
std::string join_path(const std::string &directory, std::string_view name);

}  // namespace vit
