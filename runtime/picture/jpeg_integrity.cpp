#include "picture/jpeg_integrity.h"

#include <numeric>

namespace vit {

namespace {

// Second bytes of markers (ITU T.81, table B.1).
constexpr std::uint8_t huffman_tables = 0xc4, end_of_image = 0xd9, start_of_scan = 0xda;

// A segment's length, which counts its own two bytes; 0 where the file ends.
std::size_t length_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return at + 2 <= bytes.size() ? bytes[at] << 8 | bytes[at + 1] : 0;
}

// The tables of a segment from its length on: a byte for the class, 16 with the number of codes of each
// length, the codes.
bool tables_are_sound(std::span<const std::uint8_t> bytes, std::size_t at) {
    constexpr std::size_t header = 17, most_codes = 256;
    const std::size_t end = at + length_at(bytes, at);
    for (at += 2; at < end;) {
        if (at + header > bytes.size()) {
            return false;
        }
        const auto counts = bytes.subspan(at + 1, header - 1);
        const std::size_t codes = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
        if (codes > most_codes) {
            return false;
        }
        at += header + codes;
    }
    return true;
}

}  // namespace

Result<void> check_jpeg(std::span<const std::uint8_t> bytes, const std::string &sentence) {
    const auto unsound = [&] {
        return fail(ErrorCode::format, sentence + " that is corrupted: a Huffman table has too many codes");
    };
    bool in_scan = false;
    for (std::size_t at = 2; at + 1 < bytes.size();) {
        const std::uint8_t marker = bytes[at + 1];
        if (bytes[at] != 0xff || marker == 0xff) {
            at++;
            continue;
        }
        at += 2;
        if (marker == huffman_tables && !tables_are_sound(bytes, at)) {
            return unsound();
        }
        // Segments are skipped up to the first scan, since a thumbnail or a colour profile may hold any
        // bytes. In and after a scan, markers cannot stand among other data by chance, and every one is
        // looked at.
        in_scan = in_scan || marker == start_of_scan;
        if (!in_scan) {
            if (marker == end_of_image) {
                break;
            }
            at += length_at(bytes, at);
        }
    }
    return {};
}

}  // namespace vit
