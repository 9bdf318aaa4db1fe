// What the formats that are decoded here, without a library, have in common.
#pragma once

#include <cstdint>
#include <string>

#include "picture/picture.h"

namespace vit {

inline std::uint32_t little16(Octets bytes, std::size_t at) {
    return bytes[at] | std::uint32_t{bytes[at + 1]} << 8;
}

inline std::uint32_t little32(Octets bytes, std::size_t at) {
    return little16(bytes, at) | little16(bytes, at + 2) << 16;
}

// From `at` on; nothing, where the bytes end earlier.
Octets bytes_from(Octets bytes, std::size_t at);

// ImageFormat::decoder of these formats.
std::string own_decoder();

tl::unexpected<Error> ends_early(const std::string &sentence);
tl::unexpected<Error> corrupted(const std::string &sentence, const std::string &what);

// Zeros, for a picture of the header's size. Refused, before anything is allocated, are what takes more than
// options.max_memory together with the RGB picture that follows, and a large picture of which the file can
// hold no more than a small part: `holdable` is how many pixels its bytes can stand for. Errors: format,
// unsupported, memory.
Result<Samples> zeroed_samples(const PictureHeader &header, int channels, std::uint64_t holdable,
                               const ImageOptions &options, const std::string &sentence);

}  // namespace vit
