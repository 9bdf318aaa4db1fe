// The checks of a PNG file that stb_image leaves out.
#pragma once

#include <cstdint>
#include <span>

#include "error.h"

namespace vit {

// Whether chunks follow each other up to IEND, with the checksums of those that the pixels depend on
// (ISO/IEC 15948, 5.3). `sentence` is the beginning of the message, as in "cat.png: is a PNG picture".
// Errors: format.
Result<void> check_png(std::span<const std::uint8_t> bytes, const std::string &sentence);

}  // namespace vit
