// How large the pictures of a stream of HEVC are (H.265, 7.3).
#pragma once

#include <cstdint>

#include "picture/picture.h"

namespace vit {

// The most pixels that any of its sequence parameter sets has, if this unit is one; else 0.
std::uint64_t hevc_unit_pixels(Octets unit);

// Of a stream whose units each follow their length in 4 bytes, as far as they go.
std::uint64_t hevc_pixels(Octets stream);

}  // namespace vit
