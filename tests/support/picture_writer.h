// PNG and TIFF pictures of some size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <zlib.h>

#include "tests/cases/random.h"

namespace vit::test {

inline std::string big_endian(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
            static_cast<char>(value)};
}

// Gradients with noise, of 8 bits a sample; 1 (grey), 2 (and alpha), 3 (RGB) or 4 channels (and alpha).
inline std::string png_of(int width, int height, int channels, cases::Random &random) {
    const auto chunk = [](const std::string &type, const std::string &data) {
        const std::string all = type + data;
        const auto *bytes = reinterpret_cast<const Bytef *>(all.data());
        const uLong sum = crc32(0, bytes, static_cast<uInt>(all.size()));
        return big_endian(static_cast<std::uint32_t>(data.size())) + all +
               big_endian(static_cast<std::uint32_t>(sum));
    };
    std::string rows;
    for (int y = 0; y < height; y++) {
        rows += '\0';  // not filtered
        for (int i = 0; i < width * channels; i++) {
            rows += static_cast<char>(i / 7 + y + random.integer(0, 60));
        }
    }
    uLongf size = compressBound(static_cast<uLong>(rows.size()));
    std::vector<Bytef> packed(size);
    compress2(packed.data(), &size, reinterpret_cast<const Bytef *>(rows.data()),
              static_cast<uLong>(rows.size()), Z_BEST_SPEED);
    const char types[] = {0, 4, 2, 6};
    const std::string header = big_endian(static_cast<std::uint32_t>(width)) +
                               big_endian(static_cast<std::uint32_t>(height)) +
                               std::string{8, types[channels - 1], 0, 0, 0};
    const std::string data(reinterpret_cast<const char *>(packed.data()), size);
    return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", data) + chunk("IEND", "");
}

// Grey, not compressed, each row a strip.
inline std::string tiff_of(int width, int height) {
    const auto little = [](std::uint32_t value) {
        return std::string{static_cast<char>(value), static_cast<char>(value >> 8),
                           static_cast<char>(value >> 16), static_cast<char>(value >> 24)};
    };
    const auto w = static_cast<std::uint32_t>(width), h = static_cast<std::uint32_t>(height);
    const std::uint32_t entries[][3] = {  // tag, count, value or where the values are; all are LONG
        {256, 1, w}, {257, 1, h}, {258, 1, 8}, {259, 1, 1}, {262, 1, 1},
        {273, h, 8}, {278, 1, 1}, {279, h, 8 + 4 * h}};
    const std::uint32_t pixels = 8 + 8 * h;
    std::string tiff = std::string{'I', 'I', 42, 0} + little(pixels + w * h);
    for (std::uint32_t y = 0; y < h; y++) tiff += little(pixels + y * w);
    for (std::uint32_t y = 0; y < h; y++) tiff += little(w);
    tiff += std::string(std::size_t{w} * h, 'x');
    tiff += std::string{static_cast<char>(std::size(entries)), 0};
    for (const auto &[tag, count, value] : entries) {
        tiff += little(tag | 4 << 16) + little(count) + little(value);
    }
    return tiff + little(0);
}

}  // namespace vit::test
