#include "picture/png_chunks.h"

#include <algorithm>

#include <zlib.h>

namespace vit {

namespace {

std::uint32_t big_endian(const std::uint8_t *p) {
    return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

bool PngChunk::checksum_right() const {
    if (checksum.empty()) {
        return false;
    }
    uLong crc = crc32_z(0, reinterpret_cast<const Bytef *>(type.data()), type.size());
    if (!data.empty()) {  // zlib would begin anew
        crc = crc32_z(crc, data.data(), data.size());
    }
    return crc == big_endian(checksum.data());
}

std::optional<PngChunk> PngChunks::next() {
    if (at_ > file_.size() || file_.size() - at_ < 8) {
        return std::nullopt;
    }
    PngChunk chunk;
    chunk.at = at_;
    const std::size_t length = big_endian(&file_[at_]);
    chunk.type = {reinterpret_cast<const char *>(&file_[at_ + 4]), 4};
    if (length > 0x7fffffff || !std::all_of(chunk.type.begin(), chunk.type.end(), is_letter)) {
        return std::nullopt;
    }
    const Octets rest = file_.subspan(at_ + 8);
    chunk.all_data = length <= rest.size();
    chunk.data = rest.first(std::min(length, rest.size()));
    if (chunk.all_data && rest.size() - length >= 4) {
        chunk.checksum = rest.subspan(length, 4);
        at_ += 8 + length + 4;
    } else {
        at_ = file_.size();
    }
    if (chunk.type == "IEND") {
        at_ = file_.size();
    }
    return chunk;
}

}  // namespace vit
