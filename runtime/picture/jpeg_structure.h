// The markers of a JPEG file (ITU T.81, annex B) read before its pixels, for what decoding it would cost.
#pragma once

#include <vector>

#include "picture/picture.h"

namespace vit {

struct JpegComponent {
    int id, horizontal, vertical;   // sampling factors
    std::int64_t blocks;            // of 8 x 8 samples, with those that fill up the last MCU
};

struct JpegStructure {
    int width = 0, height = 0;
    bool progressive = false, arithmetic = false;
    std::vector<JpegComponent> components;  // 1, 3 or 4
    std::vector<std::uint8_t> exif, xmp;    // contents of APP1 segments; empty: there is none
    // Of scan_jpeg():
    // Where the file is to be taken as ended, if it has no end of image: at a segment that it has not whole,
    // or at bytes that are none.
    std::size_t end = 0;
    std::int64_t scans = 0;
    bool every_component = false;  // is in a scan
    bool whole_in_first = false;   // the first scan has every component: nothing has to wait for a later one
    // In units of about 4 ns: what the scans would cost if each had no data at all.
    std::int64_t work = 0;

    std::int64_t blocks() const;
};

// Up to the first scan. Errors: format, unsupported.
Result<JpegStructure> jpeg_frame(Octets bytes, const std::string &sentence);

// Adds the scans to what jpeg_frame() found, up to the end of the image or of the file.
void scan_jpeg(Octets bytes, JpegStructure &structure);

}  // namespace vit
