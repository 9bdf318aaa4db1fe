// What of a PNG file libpng gets to read.
#pragma once

#include "picture/png_chunks.h"

namespace vit {

// The stream that libpng reads: the chunks of pixels as the file has them, and an end. A data chunk that the
// file's end cuts becomes a shorter one. The checksums in it are zero: those of the file are checked before.
class PngFeed {
public:
    explicit PngFeed(Octets file) : chunks_(file) { parts_[0] = file.first(png_signature.size()); }
    PngFeed(const PngFeed &) = delete;
    PngFeed &operator=(const PngFeed &) = delete;

    void read(std::uint8_t *to, std::size_t size);
    // The chunks of pixels have all been read.
    bool exhausted() const { return exhausted_; }

private:
    void advance();

    PngChunks chunks_;
    std::uint8_t head_[8] = {}, checksum_[4] = {};
    Octets parts_[3];  // still to be read of the chunk: length and type, data, checksum
    int part_ = 0;
    bool data_seen_ = false, exhausted_ = false;
};

}  // namespace vit
