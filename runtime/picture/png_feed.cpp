#include "picture/png_feed.h"

#include <algorithm>
#include <cstring>

namespace vit {

void PngFeed::read(std::uint8_t *to, std::size_t size) {
    while (size > 0) {
        if (part_ == 3) {
            advance();
        }
        Octets &part = parts_[part_];
        const std::size_t n = std::min(size, part.size());
        if (n > 0) {
            std::memcpy(to, part.data(), n);
        }
        to += n;
        size -= n;
        part = part.subspan(n);
        part_ += part.empty();
    }
}

void PngFeed::advance() {
    std::string_view type = "IEND";
    Octets data;
    while (!exhausted_) {
        const auto chunk = chunks_.next();
        if (!chunk || (data_seen_ && chunk->type != "IDAT")) {
            exhausted_ = true;
        } else if (chunk->type == "IDAT" || chunk->type == "IHDR" || chunk->type == "PLTE" ||
                   chunk->type == "tRNS") {
            data_seen_ = chunk->type == "IDAT";
            type = chunk->type;
            data = chunk->data;
            break;
        }
    }
    for (int i = 0; i < 4; i++) {
        head_[i] = static_cast<std::uint8_t>(data.size() >> (24 - 8 * i));
    }
    std::memcpy(head_ + 4, type.data(), 4);
    parts_[0] = head_;
    parts_[1] = data;
    parts_[2] = checksum_;
    part_ = 0;
}

}  // namespace vit
