// Any bytes, given to the decoder of one format, VIT_FUZZ_FORMAT: an error, or as many pixels as it says.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "runtime/picture/picture.h"
#include "runtime/picture/whole_picture.h"

namespace {

// As a whole, whichever way the format has it.
vit::Result<vit::Samples> decode(const vit::PictureFormat &format, vit::Octets bytes,
                                 const vit::PictureHeader &header, const vit::ImageOptions &options) {
    if (!format.decode_rows) return format.decode(bytes, header, options, "fuzz");
    vit::WholePicture picture;
    const vit::Result<void> done = format.decode_rows(bytes, header, options, "fuzz", picture);
    if (!done) return tl::unexpected(done.error());
    return std::move(picture).rgb();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    for (const vit::PictureFormat &format : vit::picture_formats()) {
        const vit::Octets bytes(data, size);
        if (std::string_view(format.name) != VIT_FUZZ_FORMAT || !format.recognises(bytes)) continue;
        vit::ImageOptions options;
        options.max_pixels = 1 << 22;  // many small pictures find more than few large ones
        for (const bool truncated : {false, true}) {
            options.accept_truncated = truncated;
            const auto header = format.header(bytes, "fuzz");
            if (!header || header->width > options.max_pixels / header->height) return 0;
            const auto samples = decode(format, bytes, *header, options);
            if (!samples || !samples->data) continue;
            if (samples->channels < 1 || samples->channels > 4) std::abort();
            const std::size_t pixels = std::size_t(samples->width) * std::size_t(samples->height);
            volatile unsigned last = samples->data[pixels * std::size_t(samples->channels) - 1];
            static_cast<void>(last);
        }
        return 0;
    }
    return -1;  // of another format: not to be kept
}
