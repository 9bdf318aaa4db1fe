// JPEG by stb_image, where there is no libjpeg.
#include "picture/jpeg_integrity.h"
#include "picture/picture.h"
#include "picture/stb_image.h"

namespace vit {

namespace {

bool is_jpeg(Octets bytes) {
    return begins_with(bytes, "\xff\xd8\xff");
}

Result<PictureHeader> jpeg_header(Octets bytes, const std::string &sentence) {
    VIT_TRY(check_jpeg(bytes, sentence));
    return stb_header(StbFormat::jpeg, bytes, sentence);
}

Result<Samples> decode_jpeg(Octets bytes, const PictureHeader &header, const ImageOptions &,
                            const std::string &sentence) {
    return stb_decode(StbFormat::jpeg, bytes, header, sentence);
}

}  // namespace

const PictureFormat jpeg_format{"JPEG", stb_version, is_jpeg, jpeg_header, decode_jpeg};

}  // namespace vit
