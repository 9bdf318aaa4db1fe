// PNG by stb_image, where there is no libpng.
#include "picture/exif.h"
#include "picture/picture.h"
#include "picture/png_integrity.h"
#include "picture/stb_image.h"

namespace vit {

namespace {

bool is_png(Octets bytes) {
    return begins_with(bytes, "\x89PNG\r\n\x1a\n");
}

// A size beyond stb_image's own limits is for the caller to refuse, too.
Result<PictureHeader> png_header(Octets bytes, const std::string &sentence) {
    const auto size = png_size(bytes);
    if (size && size->width > 0 && size->height > INT32_MAX / size->width) {
        return PictureHeader{size->width, size->height};
    }
    VIT_TRY_ASSIGN(const Octets exif, png_exif(bytes, sentence));
    VIT_TRY_ASSIGN(PictureHeader header, stb_png_header(bytes, sentence));
    header.orientation = exif_orientation(exif);
    return header;
}

Result<Samples> decode_png(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                           const std::string &sentence) {
    VIT_TRY(check_png(bytes, sentence));
    return stb_decode_png(bytes, header, options, sentence);
}

}  // namespace

const PictureFormat png_format{"PNG", stb_version, is_png, png_header, decode_png};

}  // namespace vit
