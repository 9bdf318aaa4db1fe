// Which pictures of a file are made of which others.
#pragma once

#include <cstdint>
#include <set>

#include "picture/picture.h"

namespace vit {

// libheif 1.15 decodes a picture that is made of itself until the stack is full, and one that is made of
// others, which are made of others, as often as they are named. False: there is a circle, or a picture that
// takes more than 65,536 others, or parts of parts of parts without end in sight.
bool heif_references_end(Octets file);

// The ids of all that is decoded for a picture, its own among them.
std::set<std::uint64_t> heif_pictures_of(Octets file, std::uint64_t picture);

}  // namespace vit
