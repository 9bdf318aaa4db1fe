// GIF's code streams: LZW of codes that grow to 12 bits, in blocks of up to 255 bytes.
#pragma once

#include "picture/picture.h"

namespace vit {

enum class GifEnd { complete, early, corrupted };

// More indices than that the blocks, from the first one's length on, cannot stand for.
std::uint64_t gif_codes_hold(Octets blocks, int bits);

// The first `count` indices of a stream whose indices have `bits` bits, 0 to 11; `found` is how many there
// are.
GifEnd decode_gif_codes(Octets blocks, int bits, std::size_t count, std::uint8_t *indices,
                        std::size_t &found);

}  // namespace vit
