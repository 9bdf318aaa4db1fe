// The checks of a PNG file that stb_image leaves out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "picture/picture.h"

namespace vit {

struct PngSize {
    std::uint32_t width, height;
};

// The size that a PNG header claims. (Of a picture that is too large for it, stb_image does not tell the
// size.)
std::optional<PngSize> png_size(Octets bytes);

// The data of the first eXIf chunk; none, where there is none. Errors: format, for a chunk that no decoder
// may pass over and none knows. (stb_image 2.27 would name it by bytes that threads share.)
Result<Octets> png_exif(Octets bytes, const std::string &sentence);

// Whether chunks follow each other up to IEND, all with the right checksums (ISO/IEC 15948, 5.3).
// `sentence` is the beginning of the message, as in "cat.png: is a PNG picture". Errors: format.
Result<void> check_png(Octets bytes, const std::string &sentence);

}  // namespace vit
