// Formats of pictures behind one interface: a row of the list in formats.cpp, and one file a format.
#pragma once

#include <atomic>
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

// Takes the rows of one picture, from the top, as they are decoded.
class RowSink {
public:
    RowSink() = default;
    RowSink(const RowSink &) = delete;
    RowSink &operator=(const RowSink &) = delete;
    virtual ~RowSink() = default;

    // How rows become upright RGB: set before the picture begins.
    int orientation = 1;  // EXIF's, 1 to 8
    Alpha alpha = Alpha::over_white;

    // Memory for the next rows: [count, width, channels] without gaps. data is null if there is none.
    struct Room {
        std::uint8_t *data;
        int count;  // at least 1
    };

    // Of rows not yet turned, with channels as in Samples. Room is to be for all of them if they come at
    // once, as those of an interlaced picture do. Returns how many bytes the sink takes for its samples;
    // allocates none. Errors: of whoever uses the rows.
    virtual Result<std::int64_t> begin(int width, int height, int channels, bool at_once) = 0;
    virtual Room room() = 0;
    // So many rows stand in the room, from its first on. Errors as above.
    virtual Result<void> take(int count) = 0;
    // Instead of the three above: a picture that was decoded as a whole.
    virtual Result<void> take_all(Samples samples) = 0;
};

bool begins_with(Octets bytes, std::string_view signature);

// malloc'd samples of a size; data is null if there is no memory.
Samples allocate_samples(int width, int height, int channels);

// Whether the caller has lost interest, and what is answered then.
inline bool is_cancelled(const ImageOptions &options) {
    return options.cancelled && options.cancelled->load(std::memory_order_relaxed);
}
tl::unexpected<Error> was_cancelled(const std::string &sentence);

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
    // Errors: format, unsupported, memory, cancelled. Null for a format that is decoded by rows.
    Result<Samples> (*decode)(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                              const std::string &sentence);
    // The same, to a sink; its errors are passed on.
    Result<void> (*decode_rows)(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                                const std::string &sentence, RowSink &sink) = nullptr;
};

// In the order in which they are asked.
std::span<const PictureFormat> picture_formats();

extern const PictureFormat jpeg_format, png_format, webp_format, tiff_format, heif_format, avif_format,
    gif_format, bmp_format, pnm_format, tga_format;

}  // namespace vit
