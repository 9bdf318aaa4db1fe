// The chunks of a PNG file (ISO/IEC 15948, 5.3): a walk over them that allocates nothing.
#pragma once

#include <optional>

#include "picture/picture.h"

namespace vit {

struct PngChunk {
    std::size_t at = 0;          // of its first byte, in the file
    std::string_view type;       // "IDAT"
    Octets data;                 // as much of it as the file has
    bool all_data = false;       // the file has all of it,
    Octets checksum;             // and the 4 bytes behind it, or none
    bool checksum_right() const;  // of type and data; false where there is none

    bool is_critical() const { return (type[0] & 0x20) == 0; }
};

// Up to IEND, the end of the file, or what cannot be a chunk. The file begins with PNG's signature.
class PngChunks {
public:
    explicit PngChunks(Octets file) : file_(file) {}
    std::optional<PngChunk> next();

private:
    Octets file_;
    std::size_t at_ = 8;
};

// The orientation in eXIf, or in text chunks: ImageMagick's "Raw profile type exif", XMP.
int png_orientation(Octets file);

}  // namespace vit
