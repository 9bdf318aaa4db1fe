// GIF, by stb_image.
#include "picture/picture.h"
#include "picture/stb_image.h"

namespace vit {

namespace {

bool is_gif(Octets bytes) {
    return begins_with(bytes, "GIF87a") || begins_with(bytes, "GIF89a");
}

Result<PictureHeader> gif_header(Octets bytes, const std::string &sentence) {
    return stb_header(StbFormat::gif, bytes, sentence);
}

Result<Samples> decode_gif(Octets bytes, const PictureHeader &header, const ImageOptions &,
                        const std::string &sentence) {
    return stb_decode(StbFormat::gif, bytes, header, sentence);
}

}  // namespace

const PictureFormat gif_format{"GIF", stb_version, is_gif, gif_header, decode_gif};

}  // namespace vit
