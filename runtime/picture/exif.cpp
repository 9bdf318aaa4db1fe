#include "picture/exif.h"

#include <cstring>
#include <optional>

namespace vit {

namespace {

// Reads numbers in the order of bytes that the header names.
struct Numbers {
    Octets bytes;
    bool big_endian;

    bool has(std::size_t at, std::size_t size) const {
        return at <= bytes.size() && size <= bytes.size() - at;
    }
    std::uint32_t at(std::size_t at, std::size_t size) const {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; i++) {
            value |= std::uint32_t{bytes[at + i]} << 8 * (big_endian ? size - 1 - i : i);
        }
        return value;
    }
};

// 1 where it means nothing; no value where there is none.
std::optional<int> find_orientation(Octets exif) {
    constexpr std::uint32_t orientation = 0x112, of_shorts = 3, of_longs = 4;
    if (exif.size() >= 6 && std::memcmp(exif.data(), "Exif\0\0", 6) == 0) {
        exif = exif.subspan(6);
    }
    if (exif.size() < 8 || exif[0] != exif[1] || (exif[0] != 'I' && exif[0] != 'M')) {
        return std::nullopt;
    }
    const Numbers numbers{exif, exif[0] == 'M'};
    const std::size_t directory = numbers.at(4, 4);
    if (numbers.at(2, 2) != 42 || !numbers.has(directory, 2)) {
        return std::nullopt;
    }
    const std::uint32_t entries = numbers.at(directory, 2);
    for (std::uint32_t i = 0; i < entries; i++) {
        const std::size_t entry = directory + 2 + std::size_t{12} * i;
        if (!numbers.has(entry, 12)) {
            return std::nullopt;
        }
        if (numbers.at(entry, 2) == orientation) {
            const std::uint32_t type = numbers.at(entry + 2, 2);
            const std::uint32_t value = numbers.at(entry + 8, type == of_longs ? 4 : 2);
            const bool sound = (type == of_shorts || type == of_longs) && numbers.at(entry + 4, 4) == 1;
            return sound && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
        }
    }
    return std::nullopt;
}

}  // namespace

int exif_orientation(Octets exif) {
    return find_orientation(exif).value_or(1);
}

int orientation_of(Octets exif, Octets xmp) {
    if (const auto orientation = find_orientation(exif)) {
        return *orientation;
    }
    const std::string_view text(reinterpret_cast<const char *>(xmp.data()), xmp.size());
    constexpr std::string_view name = "tiff:Orientation";
    for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at)) {
        at += name.size();
        const std::string_view rest = text.substr(at);
        const std::size_t before = rest.starts_with("=\"") ? 2 : rest.starts_with(">") ? 1 : 0;
        if (before != 0 && rest.size() > before && rest[before] >= '0' && rest[before] <= '9') {
            const int value = rest[before] - '0';
            return value >= 1 && value <= 8 ? value : 1;
        }
    }
    return 1;
}

}  // namespace vit
