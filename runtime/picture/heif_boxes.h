// Boxes of the ISO base media file format (ISO/IEC 14496-12), in which HEIF and AVIF lie.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace vit {

// `size` bytes, which have to be there, the highest first.
template<typename Byte>
std::uint64_t big_endian(std::span<Byte> bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; i++) {
        value = value << 8 | bytes[at + i];
    }
    return value;
}

template<typename Byte>
bool is_at(std::span<Byte> bytes, std::size_t at, std::string_view name) {
    return at + name.size() <= bytes.size() && std::memcmp(&bytes[at], name.data(), name.size()) == 0;
}

template<typename Byte>
struct HeifBox {
    std::span<Byte> name, contents;
};

// The boxes within the contents of another box, and no further than that goes.
template<typename Byte>
std::vector<HeifBox<Byte>> all_boxes(std::span<Byte> within) {
    std::vector<HeifBox<Byte>> found;
    for (std::size_t at = 0; at + 8 <= within.size();) {
        std::uint64_t size = big_endian(within, at, 4);
        std::size_t header = 8;
        if (size == 1 && at + 16 <= within.size()) {
            size = big_endian(within, at + 8, 8);
            header = 16;
        } else if (size == 0) {
            size = within.size() - at;
        }
        if (size < header) {
            break;
        }
        size = std::min<std::uint64_t>(size, within.size() - at);
        if (size >= header) {
            found.push_back({within.subspan(at + 4, 4),
                             within.subspan(at + header, std::size_t(size) - header)});
        }
        at += std::size_t(size);
    }
    return found;
}

// The contents of those of a name.
template<typename Byte>
std::vector<std::span<Byte>> boxes(std::span<Byte> within, std::string_view name) {
    std::vector<std::span<Byte>> found;
    for (const HeifBox<Byte> &box : all_boxes(within)) {
        if (is_at(box.name, 0, name)) found.push_back(box.contents);
    }
    return found;
}

}  // namespace vit
