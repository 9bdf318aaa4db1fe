// The chunks of a PNG file (ISO/IEC 15948, 5.3): a walk over them that allocates nothing.
#pragma once

#include <optional>

#include "picture/picture.h"

namespace vit {

inline constexpr std::string_view png_signature("\x89PNG\r\n\x1a\n", 8);

// The number in the 4 bytes from `p` on.
inline std::uint32_t png_number(const std::uint8_t *p) {
    return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

struct PngChunk {
    std::size_t at = 0;     // of its first byte, in the file
    std::string_view type;  // "IDAT"
    Octets data;            // as much of it as the file has
    bool all_data = false;  // the file has all of it
    Octets checksum;        // 4 bytes, or none where the file has less

    // False where there is none.
    bool checksum_right() const;
    bool is_critical() const { return (type[0] & 0x20) == 0; }
};

// Up to IEND, the end of the file, or what cannot be a chunk. The file begins with PNG's signature.
class PngChunks {
public:
    explicit PngChunks(Octets file) : file_(file) {}
    std::optional<PngChunk> next();

private:
    Octets file_;
    std::size_t at_ = png_signature.size();
};

// The orientation in eXIf, or in text chunks: ImageMagick's "Raw profile type exif", XMP.
int png_orientation(Octets file);

}  // namespace vit
