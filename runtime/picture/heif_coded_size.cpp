#include "picture/heif_coded_size.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "picture/av1_size.h"
#include "picture/heif_boxes.h"
#include "picture/heif_items.h"
#include "picture/heif_references.h"
#include "picture/hevc_size.h"

namespace vit {

namespace {

std::uint64_t size_of(const HeifItem &item) {
    std::uint64_t size = 0;
    for (const Octets extent : item.extents) size += extent.size();
    return size;
}

// The units in a configuration of HEVC (ISO/IEC 14496-15, 8.3.3.1), each with a length of 2 bytes.
std::uint64_t configured_pixels(Octets configuration) {
    std::uint64_t pixels = 0;
    std::size_t at = 23;
    for (int left = configuration.size() < at ? 0 : configuration[22]; left > 0; left--) {
        if (at + 3 > configuration.size()) {
            break;
        }
        std::uint64_t units = big_endian(configuration, at + 1, 2);
        for (at += 3; units > 0 && at + 2 <= configuration.size(); units--) {
            const std::size_t size = std::size_t(big_endian(configuration, at, 2));
            at += 2;
            if (size > configuration.size() - at) {
                return pixels;
            }
            pixels = std::max(pixels, hevc_unit_pixels(configuration.subspan(at, size)));
            at += size;
        }
    }
    return pixels;
}

// Of a grid, or of pictures laid over one another: what they are laid on.
std::uint64_t canvas_pixels(std::string_view type, Octets data) {
    const std::size_t at = type == "grid" ? 4 : 10, size = data.size() > 1 && data[1] & 1 ? 4 : 2;
    return at + 2 * size <= data.size() ? big_endian(data, at, size) * big_endian(data, at + size, size) : 0;
}

std::uint64_t pixels_of(const HeifItem &item) {
    const std::string_view type(item.type.data(), item.type.size());
    std::vector<std::uint8_t> data;
    if (type == "av01" && item.av1.size() > 4) {
        data.assign(item.av1.begin() + 4, item.av1.end());
    }
    for (const Octets extent : item.extents) data.insert(data.end(), extent.begin(), extent.end());
    if (type == "hvc1") {
        return std::max(configured_pixels(item.hevc), hevc_pixels(data));
    }
    if (type == "av01") {
        return av1_pixels(data);
    }
    return type == "grid" || type == "iovl" ? canvas_pixels(type, data) : 0;
}

}  // namespace

std::optional<std::uint64_t> heif_coded_pixels(Octets file, std::uint64_t picture) {
    constexpr std::uint64_t most_reads = 16;  // of a byte; tiles that are the same may share their data
    std::uint64_t left = most_reads * file.size(), pixels = 0;
    for (const HeifItems &items : heif_items(file, heif_pictures_of(file, picture))) {
        for (const auto &[id, item] : items) {
            const std::uint64_t size = size_of(item) + item.hevc.size() + item.av1.size();
            if (size > std::min<std::uint64_t>(left, file.size()) || item.misplaced) {
                return {};
            }
            left -= size;
            pixels = std::max(pixels, pixels_of(item));
        }
    }
    return pixels;
}

}  // namespace vit
