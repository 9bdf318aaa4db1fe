// JPEG and PNG by stb_image, with what it leaves to its caller: memory has a bound, and a file that ends
// before its picture does is an error. (stb_image itself reads zeros behind the end.)
#pragma once

#include "picture/jpeg_stream.h"
#include "picture/picture.h"

namespace vit {

// "stb_image 2.27"
std::string stb_version();

// As in PictureFormat.
Result<PictureHeader> stb_png_header(Octets bytes, const std::string &sentence);
Result<Samples> stb_decode_png(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                               const std::string &sentence);
Result<Samples> stb_decode_jpeg(const JpegStream &stream, const PictureHeader &header,
                                const ImageOptions &options, const std::string &sentence);

}  // namespace vit
