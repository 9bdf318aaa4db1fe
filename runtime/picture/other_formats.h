// What a file is that no decoder recognises.
#pragma once

#include <string>

#include "picture/picture.h"

namespace vit {

// "a PDF document" or "a WebP picture, which this build does not decode"; empty if it is not known. By its
// first bytes alone. For a file that none of picture_formats() recognises.
std::string other_format(Octets bytes);

}  // namespace vit
