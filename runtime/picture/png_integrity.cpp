#include "picture/png_integrity.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>

namespace vit {

namespace {

// CRC-32 with the reflected polynomial 0x04c11db7, a byte at a time (ISO/IEC 15948, annex D).
constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t n = 0; n < 256; n++) {
        std::uint32_t c = n;
        for (int bit = 0; bit < 8; bit++) {
            c = (c & 1 ? 0xedb88320u : 0u) ^ (c >> 1);
        }
        table[n] = c;
    }
    return table;
}();

std::uint32_t crc(std::span<const std::uint8_t> bytes) {
    std::uint32_t c = ~0u;
    for (const std::uint8_t byte : bytes) {
        c = crc_table[(c ^ byte) & 255] ^ (c >> 8);
    }
    return ~c;
}

std::uint32_t big_endian(std::span<const std::uint8_t> bytes) {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
           bytes[3];
}

}  // namespace

std::optional<PngSize> png_size(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < 24) {
        return std::nullopt;
    }
    return PngSize{big_endian(bytes.subspan(16)), big_endian(bytes.subspan(20))};
}

Result<Octets> png_exif(Octets bytes, const std::string &sentence) {
    constexpr std::size_t signature = 8, around = 12;
    constexpr std::string_view known[] = {"IHDR", "PLTE", "IDAT", "IEND", "CgBI"};
    Octets exif;
    for (std::size_t at = signature; at + around <= bytes.size();) {
        const std::size_t length = big_endian(bytes.subspan(at));
        const std::string_view type(reinterpret_cast<const char *>(&bytes[at + 4]), 4);
        const bool critical = !(bytes[at + 4] & 0x20);
        if (critical && std::find(std::begin(known), std::end(known), type) == std::end(known)) {
            return fail(ErrorCode::format,
                        sentence + " with a chunk at byte " + std::to_string(at) + " that is not known");
        }
        if (length > bytes.size() - at - around || type == "IEND") {
            break;
        }
        if (type == "eXIf" && exif.empty()) {
            exif = bytes.subspan(at + 8, length);
        }
        at += around + length;
    }
    return exif;
}

Result<void> check_png(std::span<const std::uint8_t> bytes, const std::string &sentence) {
    constexpr std::size_t signature = 8;  // bytes before the first chunk
    constexpr std::size_t around = 12;    // bytes of a chunk's length, type and checksum
    for (std::size_t at = signature; at + around <= bytes.size();) {
        const std::uint32_t length = big_endian(bytes.subspan(at));
        if (length > bytes.size() - at - around) {
            break;
        }
        const auto named = bytes.subspan(at + 4, 4 + std::size_t{length});  // type and data
        const std::string_view type(reinterpret_cast<const char *>(named.data()), 4);
        if (crc(named) != big_endian(bytes.subspan(at + 8 + length))) {
            return fail(ErrorCode::format,
                        sentence + " that is corrupted: a checksum is wrong in the chunk at byte " +
                            std::to_string(at));
        }
        if (type == "IEND") {
            return {};
        }
        at += around + length;
    }
    return fail(ErrorCode::format, sentence + " that ends early: there is no IEND chunk");
}

}  // namespace vit
