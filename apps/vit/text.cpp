#include "text.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace command {

namespace {

struct Character {
    std::size_t bytes;  // that it takes; 1 if malformed
    char32_t code;      // its code point
    bool well_formed;   // shortest form, no surrogate, at most U+10FFFF
};

// The character that text, which is not empty, begins with.
Character first_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) return {1, lead, true};
    const std::size_t bytes = 2 + (lead >= 0xE0) + (lead >= 0xF0);
    const Character malformed{1, lead, false};
    if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return malformed;
    char32_t code = lead & (0x7Fu >> bytes);
    for (std::size_t i = 1; i < bytes; i++) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0) != 0x80) return malformed;
        code = code << 6 | (next & 0x3F);
    }
    const bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (overlong || surrogate || code > 0x10FFFF) return malformed;
    return {bytes, code, true};
}

// C0, DEL and C1 move the cursor or start escape sequences; the bidirectional controls reorder what stands
// around them.
bool steers(char32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

// \xNN for each byte.
std::string hex(const Character &, std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const unsigned char byte : bytes) {
        out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    return out;
}

// The text with those of its characters rewritten that are to be.
template<typename Choose, typename Rewrite>
std::string rewritten(std::string_view text, Choose choose, Rewrite rewrite) {
    std::string out;
    while (!text.empty()) {
        const Character character = first_character(text);
        const std::string_view bytes = text.substr(0, character.bytes);
        if (choose(character)) {
            out += rewrite(character, bytes);
        } else {
            out += bytes;
        }
        text.remove_prefix(character.bytes);
    }
    return out;
}

std::string formatted(const char *format, int precision, double value) {
    const int length = std::snprintf(nullptr, 0, format, precision, value);
    std::string out(static_cast<std::size_t>(length), '\0');
    std::snprintf(out.data(), out.size() + 1, format, precision, value);
    return out;
}

}  // namespace

std::string harmless(std::string_view text) {
    return rewritten(text, [](const Character &its) { return !its.well_formed || steers(its.code); }, hex);
}

// Within strings nlohmann-json escapes what is below a space; between them there may be ends of lines.
std::string harmless_json(std::string_view json) {
    const auto escaped = [](const Character &its) { return its.code >= 0x7F && steers(its.code); };
    return rewritten(json, escaped, [](const Character &its, std::string_view) {
        char digits[11];
        std::snprintf(digits, sizeof digits, "\\u%04x", static_cast<unsigned>(its.code));
        return std::string(digits);
    });
}

// Names stay as their bytes are, UTF-8 or not, as far as they steer nothing: programs read them.
std::string csv_field(std::string_view text) {
    const auto escaped = [](const Character &its) {
        return its.well_formed && steers(its.code) && its.code != '\n';
    };
    std::string field = rewritten(text, escaped, hex);
    if (!field.empty() && std::string_view("=+-@").find(field[0]) != std::string_view::npos) {
        field.insert(0, "'");
    }
    if (field.find_first_of(",\"\n") == std::string::npos) return field;
    std::string out = "\"";
    for (const char c : field) {
        out.append(c == '"' ? 2 : 1, c);
    }
    return out + "\"";
}

std::size_t columns(std::string_view text) {
    std::size_t count = 0;
    for (const unsigned char byte : text) {
        count += (byte & 0xC0) != 0x80;
    }
    return count;
}

std::string pad_right(std::string text, std::size_t width) {
    const std::size_t taken = columns(text);
    if (taken < width) text.append(width - taken, ' ');
    return text;
}

std::string pad_left(std::string text, std::size_t width) {
    const std::size_t taken = columns(text);
    if (taken < width) text.insert(0, width - taken, ' ');
    return text;
}

std::string fixed(double value, int decimals) {
    return formatted("%.*f", decimals, value);
}

std::string general(double value, int digits) {
    return formatted("%.*g", digits, value);
}

std::string grouped(std::int64_t number) {
    std::string out = std::to_string(number);
    for (std::size_t i = out.size(); i > 3; i -= 3) {
        out.insert(i - 3, ",");
    }
    return out;
}

double shortest(float value) {
    if (!std::isfinite(value)) return value;
    char digits[32];
    const auto written = std::to_chars(digits, digits + sizeof digits, value);
    double nearest = value;
    std::from_chars(digits, written.ptr, nearest);
    return nearest;
}

double rounded(double value, int decimals) {
    const double scale = std::pow(10, decimals);
    return std::round(value * scale) / scale;
}

}  // namespace command
