#include "picture/gif_codes.h"

#include <algorithm>
#include <array>

namespace vit {

namespace {

constexpr int most_bits = 12, table_size = 1 << most_bits;

// Codes from blocks, the lowest bits first.
class Codes {
public:
    explicit Codes(Octets blocks) : blocks_(blocks) {}

    // -1 at the end.
    int next(int bits) {
        while (count_ < bits) {
            if (left_ == 0) {
                left_ = at_ < blocks_.size() ? blocks_[at_++] : 0;
                if (left_ == 0 || static_cast<std::size_t>(left_) > blocks_.size() - at_) {
                    return -1;  // as Pillow has it, a block that is cut holds nothing
                }
            }
            buffer_ |= std::uint32_t{blocks_[at_++]} << count_;
            count_ += 8;
            left_--;
        }
        const int code = static_cast<int>(buffer_ & ((1u << bits) - 1));
        buffer_ >>= bits;
        count_ -= bits;
        return code;
    }

private:
    Octets blocks_;
    std::size_t at_ = 0;
    int left_ = 0;  // bytes of the block
    std::uint32_t buffer_ = 0;
    int count_ = 0;  // bits in it
};

}  // namespace

std::uint64_t gif_codes_hold(Octets blocks, int bits) {
    std::uint64_t bytes = 0;
    for (std::size_t at = 0; at < blocks.size() && blocks[at] != 0; at += 1 + blocks[at]) {
        bytes += blocks[at];
    }
    // A code's string is at most by one longer than the longest before.
    const std::uint64_t codes = 8 * bytes / (bits + 1);
    return codes * std::min<std::uint64_t>(codes, table_size);
}

GifEnd decode_gif_codes(Octets blocks, int bits, std::size_t count, std::uint8_t *indices,
                        std::size_t &found) {
    const int clear = 1 << bits, end = clear + 1;
    // A string is the one before it, by its code, and one more index.
    std::array<std::uint16_t, table_size> before{}, length{};
    std::array<std::uint8_t, table_size> last{};
    for (int i = 0; i < clear; i++) {
        length[i] = 1;
        last[i] = static_cast<std::uint8_t>(i);
    }
    Codes codes(blocks);
    int next = clear + 2, width = bits + 1, previous = -1;
    found = 0;
    while (found < count) {
        const int code = codes.next(width);
        if (code < 0 || code == end) {
            return GifEnd::early;
        }
        if (code == clear) {
            next = clear + 2;
            width = bits + 1;
            previous = -1;
            continue;
        }
        if (code > next || (code == next && previous < 0) || (previous < 0 && code > clear)) {
            return GifEnd::corrupted;
        }
        // The code that is about to be made stands for the previous string and its own first index.
        const int known = code == next ? previous : code;
        const std::size_t room = count - found, size = length[known];
        int root = known;
        for (std::size_t i = size; i-- > 0; root = i > 0 ? before[root] : root) {
            if (i < room) {
                indices[found + i] = last[root];
            }
        }
        if (code == next && size < room) {
            indices[found + size] = last[root];
        }
        if (previous >= 0 && next < table_size) {
            before[next] = static_cast<std::uint16_t>(previous);
            length[next] = static_cast<std::uint16_t>(length[previous] + 1);
            last[next] = last[root];
            next++;
            if (next == 1 << width && width < most_bits) {
                width++;
            }
        }
        found += std::min<std::size_t>(room, length[code]);
        previous = code;
    }
    return GifEnd::complete;
}

}  // namespace vit
