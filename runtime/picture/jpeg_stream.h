// A JPEG file (ITU T.81) as stb_image can read it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "picture/picture.h"

namespace vit {

struct JpegHeader {
    int width = 0, height = 0, components = 0;
    int orientation = 1;
    bool progressive = false;
};

// Up to the first scan. Errors: format.
Result<JpegHeader> read_jpeg_header(Octets bytes, const std::string &sentence);

// Of codes of one scan, in JpegStream::bytes.
struct JpegScan {
    std::size_t end;           // behind them are zeros, jpeg_padding bytes, and then the next marker
    std::int64_t restarts = 0;  // markers among the codes
};

constexpr std::size_t jpeg_padding = 16;

// The segments and scans of the image, and nothing that stands between or behind them, since makers of
// cameras put any bytes there; with the standard's Huffman tables where the file has none, and with Adobe's
// marker where four components have none (they are CMYK).
struct JpegStream {
    std::vector<std::uint8_t> bytes;
    std::vector<JpegScan> scans;
    bool complete = false;  // every component has a scan and, of a progressive picture, it has its end
};

// Errors: format, as for a Huffman table with too many codes, which stb_image 2.27 would write past its own;
// unsupported.
Result<JpegStream> read_jpeg_stream(Octets bytes, const std::string &sentence);

}  // namespace vit
