// One more property for an item of a file.
#pragma once

#include <cstdint>
#include <vector>

#include "picture/picture.h"

namespace vit {

// Gives an item of a file one more property, a whole box. The file's description of its items (meta) is
// written anew, behind all else, and the old one becomes free space: data stay where the offsets say. False,
// and the file is as it was, if it is put together otherwise than most are, or cut.
bool add_heif_property(std::vector<std::uint8_t> &file, std::uint64_t item, Octets property);

}  // namespace vit
