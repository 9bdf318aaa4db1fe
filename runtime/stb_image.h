// The formats that stb_image decodes, with what it leaves to its caller: memory has a bound, and a file that
// ends before its picture does is an error. (stb_image itself reads zeros behind the end.)
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "error.h"

namespace vit {

enum class StbFormat {
    jpeg,
    png,
    bmp,
    gif,
    tga
};

struct StbPicture {
    struct Free {
        void operator()(std::uint8_t *samples) const { std::free(samples); }
    };
    int width = 0, height = 0;
    int channels = 0;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
    std::unique_ptr<std::uint8_t, Free>
        samples{};  // height x width x channels; 16-bit samples are cut to their high byte
};

// TGA has no signature: whether a header of it is plausible.
bool stb_is_tga(std::span<const std::uint8_t> bytes);

// What a header claims, without samples. Fewer than 2^31 bytes, here and below; `sentence` is the beginning
// of every message, as in "cat.jpg: is a JPEG picture". Errors: format.
Result<StbPicture> stb_header(StbFormat format, std::span<const std::uint8_t> bytes,
                              const std::string &sentence);

// The first picture of a file whose header is known. Errors: format, memory.
Result<StbPicture> stb_decode(StbFormat format, std::span<const std::uint8_t> bytes,
                              const StbPicture &header, const std::string &sentence);

}  // namespace vit
