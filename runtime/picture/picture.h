// Formats of pictures behind one interface: a row of the list in formats.cpp, and one file a format.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "error.h"

namespace vit {

using Octets = std::span<const std::uint8_t>;

// What is known of a picture before a pixel is decoded.
struct PictureHeader {
    std::int64_t width = 0, height = 0;  // as the file holds it, not yet turned
    int orientation = 1;                 // EXIF's: 1 upright, 2 to 8 turned or mirrored
};

// Decoded samples of 8 bits, [height, width, channels], rows from the top, without gaps. 1 channel: grey; 2:
// grey and alpha; 3: RGB; 4: RGB and alpha, which is not multiplied into the colours.
struct Samples {
    struct Free {
        void operator()(std::uint8_t *samples) const { std::free(samples); }
    };
    int width = 0, height = 0, channels = 0;
    std::unique_ptr<std::uint8_t[], Free> data;  // from malloc
};

bool begins_with(Octets bytes, std::string_view signature);

// malloc'd samples of a size; data is null if there is no memory.
Samples allocate_samples(int width, int height, int channels);

// A format. Every function may be called by several threads at once. None prints, exits or throws but
// std::bad_alloc. `sentence` is the beginning of every message, as in "cat.jpg: is a JPEG picture". The
// bytes stay as they are while they are read, and are at most 1 GiB.
struct PictureFormat {
    const char *name;  // "JPEG"
    // Who decodes it, with its version: "libjpeg-turbo 2.1.5".
    std::string (*decoder)();
    // By its first bytes alone.
    bool (*recognises)(Octets bytes);
    // Takes little time and memory. A size of 2^31 or more is for the caller to refuse, one of 0 is refused
    // here. Errors: format, unsupported.
    Result<PictureHeader> (*header)(Octets bytes, const std::string &sentence);
    // The picture of a file whose header was found within the limits of the options, of the header's size,
    // or of less by a draft. A file that ends early is an error, or with accept_truncated what there is.
    // Errors: format, unsupported, memory.
    Result<Samples> (*decode)(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                              const std::string &sentence);
};

// In the order in which they are asked.
std::span<const PictureFormat> picture_formats();

extern const PictureFormat jpeg_format, png_format, webp_format, tiff_format, heif_format, avif_format,
    gif_format, bmp_format, pnm_format, tga_format;

}  // namespace vit
