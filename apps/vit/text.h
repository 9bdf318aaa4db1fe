// Text and numbers on their way out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace command {

// The text with control characters and what is not UTF-8 as \xNN, so that a name cannot steer a terminal.
std::string harmless(std::string_view text);

// JSON with the characters that could steer a terminal as \u00XX: another spelling of the same values.
std::string harmless_json(std::string_view json);

// A field of CSV, in quotes where it needs them. Control characters but the end of a line are \xNN, and what
// a spreadsheet would take for a formula, "=1+1", begins with an apostrophe, which it takes for text.
std::string csv_field(std::string_view text);

// Characters (code points) of harmless text: the columns that it takes, but for scripts with wide or
// combining characters.
std::size_t columns(std::string_view text);

// The text with spaces behind it (or before it) up to `width` columns.
std::string pad_right(std::string text, std::size_t width);
std::string pad_left(std::string text, std::size_t width);

// printf's "%.*f" and "%.*g".
std::string fixed(double value, int decimals);
std::string general(double value, int digits);

// A count with commas, "1,234".
std::string grouped(std::int64_t number);

// The double nearest to the shortest decimal that reads back as this float: 0.9f -> 0.9, so that JSON shows
// "0.9".
double shortest(float value);

// Rounded to `decimals`, for numbers whose further digits mean nothing.
double rounded(double value, int decimals);

}  // namespace command
