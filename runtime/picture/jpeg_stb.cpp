// JPEG by stb_image, where there is no libjpeg.
#include "picture/jpeg_stream.h"
#include "picture/picture.h"
#include "picture/small_formats.h"
#include "picture/stb_image.h"

namespace vit {

namespace {

bool is_jpeg(Octets bytes) {
    return begins_with(bytes, "\xff\xd8\xff");
}

Result<PictureHeader> jpeg_header(Octets bytes, const std::string &sentence) {
    VIT_TRY_ASSIGN(const JpegHeader header, read_jpeg_header(bytes, sentence));
    return PictureHeader{header.width, header.height, header.orientation};
}

Result<Samples> decode_jpeg(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                            const std::string &sentence) {
    VIT_TRY_ASSIGN(const JpegStream stream, read_jpeg_stream(bytes, sentence));
    if (stream.scans.empty() || (!stream.complete && !options.accept_truncated)) {
        return ends_early(sentence);
    }
    return stb_decode_jpeg(stream, header, options, sentence);
}

}  // namespace

const PictureFormat jpeg_format{"JPEG", stb_version, is_jpeg, jpeg_header, decode_jpeg};

}  // namespace vit
