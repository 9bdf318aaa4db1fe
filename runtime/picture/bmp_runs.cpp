#include "picture/bmp_runs.h"

#include <algorithm>

namespace vit {

std::uint64_t bmp_runs_hold(Octets runs) {
    return std::uint64_t{128} * runs.size();  // 2 bytes hold 255 pixels
}

bool decode_bmp_runs(Octets runs, bool of_4_bits, int width, int height, std::uint8_t *indices) {
    constexpr std::uint8_t end_of_line = 0, end_of_picture = 1, delta = 2;
    const std::int64_t count = std::int64_t{width} * height;
    std::int64_t x = 0, line = 0;  // where the row begins
    const auto draw = [&](std::uint8_t index) {
        if (x < width) {
            indices[line + x++] = index;
        }
    };
    const auto half = [](std::uint8_t byte, std::size_t i) {
        return static_cast<std::uint8_t>(i % 2 == 0 ? byte >> 4 : byte & 15);
    };
    std::size_t at = 0;
    while (line < count && (line + x < count)) {
        if (at + 2 > runs.size()) {
            return false;
        }
        const std::size_t n = runs[at];
        const std::uint8_t byte = runs[at + 1];
        at += 2;
        if (n > 0) {
            for (std::size_t i = 0; i < n; i++) {
                draw(of_4_bits ? half(byte, i) : byte);
            }
        } else if (byte == end_of_line) {
            line += width;
            x = 0;
        } else if (byte == end_of_picture) {
            return true;
        } else if (byte == delta) {
            if (at + 2 > runs.size()) {
                return false;
            }
            const std::int64_t to = line + x + runs[at] + std::int64_t{width} * runs[at + 1];
            x = to % width;
            line = to - x;
            at += 2;
        } else {
            const std::size_t size = of_4_bits ? (byte + std::size_t{1}) / 2 : byte;
            for (std::size_t i = 0; i < byte; i++) {
                const std::size_t from = at + (of_4_bits ? i / 2 : i);
                if (from >= runs.size()) {
                    return false;
                }
                draw(of_4_bits ? half(runs[from], i) : runs[from]);
            }
            at += size + size % 2;  // up to a whole word
        }
    }
    return true;
}

}  // namespace vit
