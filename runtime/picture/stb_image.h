// The formats that stb_image decodes, with what it leaves to its caller: memory has a bound, and a file that
// ends before its picture does is an error. (stb_image itself reads zeros behind the end.)
#pragma once

#include "picture/picture.h"

namespace vit {

enum class StbFormat {
    jpeg,
    png,
    bmp,
    gif,
    tga
};

// "stb_image 2.27"
std::string stb_version();

// TGA has no signature: whether a header of it is plausible.
bool stb_is_tga(Octets bytes);

// As in PictureFormat.
Result<PictureHeader> stb_header(StbFormat format, Octets bytes, const std::string &sentence);
Result<Samples> stb_decode(StbFormat format, Octets bytes, const PictureHeader &header,
                           const std::string &sentence);

}  // namespace vit
