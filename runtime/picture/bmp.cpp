// BMP, by stb_image.
#include "picture/picture.h"
#include "picture/stb_image.h"

namespace vit {

namespace {

bool is_bmp(Octets bytes) {
    return begins_with(bytes, "BM");
}

Result<PictureHeader> bmp_header(Octets bytes, const std::string &sentence) {
    return stb_header(StbFormat::bmp, bytes, sentence);
}

Result<Samples> decode_bmp(Octets bytes, const PictureHeader &header, const ImageOptions &,
                        const std::string &sentence) {
    return stb_decode(StbFormat::bmp, bytes, header, sentence);
}

}  // namespace

const PictureFormat bmp_format{"BMP", stb_version, is_bmp, bmp_header, decode_bmp};

}  // namespace vit
