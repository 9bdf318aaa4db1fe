// The list of formats. Which there are depends on the libraries that were found (CMakeLists.txt).
#include <cstring>

#include <sys/mman.h>

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

std::vector<ImageFormat> image_formats() noexcept {
    return guarded_value([] {
        std::vector<ImageFormat> all;
        for (const PictureFormat &format : formats) {
            all.push_back({format.name, format.decoder()});
        }
        return all;
    });
}

bool begins_with(Octets bytes, std::string_view signature) {
    return bytes.size() >= signature.size() &&
           std::memcmp(bytes.data(), signature.data(), signature.size()) == 0;
}

tl::unexpected<Error> was_cancelled(const std::string &sentence) {
    return fail(ErrorCode::cancelled, sentence + " whose decoding was cancelled");
}

Samples allocate_samples(int width, int height, int channels) {
    Samples samples{width, height, channels, nullptr};
    const std::size_t size = std::size_t(width) * std::size_t(height) * std::size_t(channels);
    // A page of 4 KiB at a time, the system takes as long to give memory as the fastest decoder to fill it.
    constexpr std::size_t huge_page = std::size_t{1} << 21;
    if (size < 2 * huge_page) {
        samples.data.reset(static_cast<std::uint8_t *>(std::malloc(size)));
        return samples;
    }
    const std::size_t whole_pages = (size + huge_page - 1) / huge_page * huge_page;
    samples.data.reset(static_cast<std::uint8_t *>(std::aligned_alloc(huge_page, whole_pages)));
    if (samples.data) ::madvise(samples.data.get(), whole_pages, MADV_HUGEPAGE);
    return samples;
}

}  // namespace vit
