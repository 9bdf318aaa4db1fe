// Headers of Netpbm's formats.
#pragma once

#include <string>

#include "picture/picture.h"

namespace vit {

bool is_pnm_space(std::uint8_t c);

// Reads numbers, which stand between white space and comments from # to the end of the line.
class PnmReader {
public:
    PnmReader(Octets bytes, std::size_t at) : bytes_(bytes), at_(at) {}

    // -1 for anything but a number that fits.
    int number();
    // One digit, 0 or 1, which need not stand apart from the next; -1 for anything else.
    int digit();
    // One character of white space ends the header.
    bool end() { return at_ < bytes_.size() && is_pnm_space(bytes_[at_++]); }
    bool at_end() const { return at_ >= bytes_.size(); }
    std::size_t position() const { return at_; }

private:
    void skip();

    Octets bytes_;
    std::size_t at_;
};

struct PnmHeader {
    int width, height;
    int channels;
    int maximum;       // 1 to 65535
    bool plain;        // numbers in words, not binary
    bool bits;         // of which 1 is black
    std::size_t size;  // bytes
};

// From a file that begins with P1 to P7. Errors: format, unsupported.
Result<PnmHeader> read_pnm_header(Octets bytes, const std::string &sentence);

}  // namespace vit
