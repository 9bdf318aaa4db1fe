// Binary grey and colour maps of Netpbm: P5 and P6, of 8 and 16 bits.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "error.h"

namespace vit {

struct PnmHeader {
    int width, height;
    int channels;  // 1 or 3
    int max_value;
    std::size_t header_size;  // bytes
};

bool is_pnm(std::span<const std::uint8_t> bytes);  // P1 to P6

// `sentence` is the beginning of every message, as in "cat.ppm: is a PNM picture". Errors: format, and
// unsupported for P1 to P4.
Result<PnmHeader> pnm_header(std::span<const std::uint8_t> bytes, const std::string &sentence);

// height x width x channels samples, scaled from 0..max_value to 0..255 and rounded, halves to even. Errors:
// format for a file that ends early. May throw bad_alloc.
Result<std::vector<std::uint8_t>> pnm_samples(std::span<const std::uint8_t> bytes, const PnmHeader &header,
                                              const std::string &sentence);

}  // namespace vit
