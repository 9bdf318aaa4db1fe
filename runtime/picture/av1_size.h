// How large the pictures of a stream of AV1 are (AV1 Bitstream & Decoding Process Specification, 5.5, 5.9).
#pragma once

#include <cstdint>

#include "picture/picture.h"

namespace vit {

// The most pixels that a frame of the stream can have. dav1d also decodes frames that say a size of their
// own beyond that of their sequence. Of such, a quarter of the largest that their bits can say counts, which
// is less than the sequence has where there are no more bits than needed.
std::uint64_t av1_pixels(Octets stream);

}  // namespace vit
