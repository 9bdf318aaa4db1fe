// TGA, by stb_image.
#include "picture/picture.h"
#include "picture/stb_image.h"

namespace vit {

namespace {

bool is_tga(Octets bytes) {
    return stb_is_tga(bytes);
}

Result<PictureHeader> tga_header(Octets bytes, const std::string &sentence) {
    return stb_header(StbFormat::tga, bytes, sentence);
}

Result<Samples> decode_tga(Octets bytes, const PictureHeader &header, const ImageOptions &,
                        const std::string &sentence) {
    return stb_decode(StbFormat::tga, bytes, header, sentence);
}

}  // namespace

const PictureFormat tga_format{"TGA", stb_version, is_tga, tga_header, decode_tga};

}  // namespace vit
