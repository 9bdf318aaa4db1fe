// Any bytes: decoded as a picture, they give an error or as many pixels as the picture says it has.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "vit/vit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const auto image = vit::Image::decode(data, size, "fuzz.image");
    if (!image) {
        if (image.error().message.find("fuzz.image") == std::string::npos) std::abort();
        return 0;
    }
    if (image->width() < 1 || image->height() < 1) std::abort();
    // The last of the promised pixels can be read.
    const std::size_t bytes = std::size_t{3} * static_cast<std::size_t>(image->width()) *
                              static_cast<std::size_t>(image->height());
    volatile std::uint8_t last = image->data()[bytes - 1];
    static_cast<void>(last);
    return 0;
}
