// Writes the boxes of a HEIF file.
#pragma once

#include <cstddef>
#include <string>

namespace vit::test {

inline std::string number(std::size_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; i--) text += static_cast<char>(value >> 8 * i);
    return text;
}

inline std::string box(const std::string &type, const std::string &content) {
    return number(content.size() + 8, 4) + type + content;
}

// A box with a version, and with flags.
inline std::string full_box(const std::string &type, const std::string &content, std::size_t version = 0) {
    return box(type, number(version, 1) + std::string(3, '\0') + content);
}

}  // namespace vit::test
