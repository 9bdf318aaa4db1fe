// The list of formats. Which there are depends on the libraries that were found (CMakeLists.txt).
#include <cstring>

#include "picture/picture.h"

namespace vit {

namespace {

const PictureFormat formats[] = {
    jpeg_format,
    png_format,
#ifdef VIT_WEBP
    webp_format,
#endif
#ifdef VIT_TIFF
    tiff_format,
#endif
#ifdef VIT_HEIF
    heif_format,
    avif_format,
#endif
    gif_format,
    bmp_format,
    pnm_format,
    tga_format,  // has no signature: last
};

}  // namespace

std::span<const PictureFormat> picture_formats() {
    return formats;
}

std::vector<ImageFormat> image_formats() {
    std::vector<ImageFormat> all;
    for (const PictureFormat &format : formats) {
        all.push_back({format.name, format.decoder()});
    }
    return all;
}

bool begins_with(Octets bytes, std::string_view signature) {
    return bytes.size() >= signature.size() &&
           std::memcmp(bytes.data(), signature.data(), signature.size()) == 0;
}

Samples allocate_samples(int width, int height, int channels) {
    Samples samples{width, height, channels, nullptr};
    const std::size_t size = std::size_t(width) * std::size_t(height) * std::size_t(channels);
    samples.data.reset(static_cast<std::uint8_t *>(std::malloc(size)));
    return samples;
}

}  // namespace vit
