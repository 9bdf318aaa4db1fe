// The checks of a JPEG file that stb_image leaves out.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "picture/picture.h"

namespace vit {

// Whether no Huffman table claims more than 256 codes, for which stb_image (up to 2.27) would write outside
// its own. `sentence` is the beginning of the message, as in "cat.jpg: is a JPEG picture". Errors: format.
Result<void> check_jpeg(Octets bytes, const std::string &sentence);

}  // namespace vit
