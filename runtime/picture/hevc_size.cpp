#include "picture/hevc_size.h"

#include <algorithm>
#include <vector>

#include "picture/bits.h"
#include "picture/heif_boxes.h"

namespace vit {

namespace {

// The beginning of a unit without the 3 of each 0, 0, 3.
std::vector<std::uint8_t> without_escapes(Octets unit) {
    constexpr std::size_t most = 256;  // the size of a picture is not further away
    std::vector<std::uint8_t> bytes;
    int zeros = 0;
    for (const std::uint8_t byte : unit.first(std::min(unit.size(), most))) {
        const bool escape = zeros >= 2 && byte == 3;
        zeros = byte == 0 ? zeros + 1 : 0;
        if (!escape) bytes.push_back(byte);
    }
    return bytes;
}

void skip_profile_tier_level(Bits &bits, unsigned sub_layers) {
    constexpr std::size_t profile = 88, level = 8;
    bits.skip(profile + level);
    if (sub_layers == 0) {
        return;
    }
    std::size_t skipped = 0;
    for (unsigned i = 0; i < 8; i++) {
        const bool has_profile = bits.flag(), has_level = bits.flag();
        if (i < sub_layers) skipped += (has_profile ? profile : 0) + (has_level ? level : 0);
    }
    bits.skip(skipped);
}

}  // namespace

std::uint64_t hevc_unit_pixels(Octets unit) {
    constexpr unsigned sequence_parameters = 33;
    const std::vector<std::uint8_t> bytes = without_escapes(unit);
    Bits bits(bytes);
    bits.skip(1);
    const unsigned type = bits.read(6), layer = bits.read(6);
    if (type != sequence_parameters || layer > 0) {  // further layers belong to another codec
        return 0;
    }
    bits.skip(3 + 4);  // temporal id; id of the video parameters
    const unsigned sub_layers = bits.read(3);
    bits.skip(1);
    skip_profile_tier_level(bits, sub_layers);
    bits.golomb();  // id
    if (bits.golomb() == 3) {
        bits.skip(1);  // of 4:4:4, planes of their own
    }
    const std::uint64_t width = bits.golomb();
    return width * bits.golomb();
}

std::uint64_t hevc_pixels(Octets stream) {
    std::uint64_t pixels = 0;
    for (std::size_t at = 0; at + 4 <= stream.size();) {
        const std::uint64_t size = big_endian(stream, at, 4);
        at += 4;
        if (size > stream.size() - at) {
            break;
        }
        pixels = std::max(pixels, hevc_unit_pixels(stream.subspan(at, std::size_t(size))));
        at += std::size_t(size);
    }
    return pixels;
}

}  // namespace vit
