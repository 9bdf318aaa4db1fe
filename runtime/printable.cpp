#include "printable.h"

namespace vit {

namespace {

// Length of the well-formed UTF-8 sequence that text begins with, 0 if there is none (Unicode, table 3-7).
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto in = [&](std::size_t i, unsigned low, unsigned high) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return in(1, 0x80, 0xBF) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const unsigned low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
        return in(1, low, high) && in(2, 0x80, 0xBF) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const unsigned low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
        return in(1, low, high) && in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF) ? 4 : 0;
    }
    return 0;
}

// C0 and C1 controls, and the invisible characters that reorder what stands around them (U+202A..E,
// U+2066..9).
bool is_control(std::string_view character) {
    if (character.size() == 1)
        return static_cast<unsigned char>(character[0]) < 0x20 || character[0] == 0x7F;
    if (character.size() == 2)
        return character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
    return character.size() == 3 && ((character >= "\xE2\x80\xAA" && character <= "\xE2\x80\xAE") ||
                                     (character >= "\xE2\x81\xA6" && character <= "\xE2\x81\xA9"));
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
    static constexpr char hex[] = "0123456789abcdef";
    std::string out;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const std::string_view character = text.substr(0, length ? length : 1);
        std::string shown(character);
        if (length == 0 || is_control(character)) {
            shown.clear();
            for (const char c : character) {
                const auto byte = static_cast<unsigned char>(c);
                shown += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
            }
        }
        if (limit != 0 && out.size() + shown.size() > limit) return out + "...";
        out += shown;
        text.remove_prefix(character.size());
    }
    return out;
}

std::string printable_path(std::string_view path) {
    constexpr std::size_t limit = 400;
    if (path.size() <= limit) return printable(path, 0);
    path.remove_prefix(path.size() - limit);
    while (!path.empty() && (static_cast<unsigned char>(path.front()) & 0xC0) == 0x80)
        path.remove_prefix(1);
    return "..." + printable(path, 0);
}

std::string in_quotes(std::string_view text, std::size_t limit) {
    std::string quoted = "'";
    quoted += printable(text, limit);
    return quoted + "'";
}

std::string shape_text(const std::vector<std::int64_t> &shape) {
    constexpr std::size_t shown = 8;
    std::string out = "[";
    for (std::size_t i = 0; i < shape.size() && i < shown; i++) {
        out += (i ? ", " : "") + std::to_string(shape[i]);
    }
    return out + (shape.size() > shown ? ", ...]" : "]");
}

std::string join_path(const std::string &directory, std::string_view name) {
    std::string path = directory;
    if (!path.empty() && path.back() != '/') path += '/';
    return path.append(name);
}

}  // namespace vit
