// Binary grey and colour maps of Netpbm: P5 and P6, of 8 and 16 bits.
#include <algorithm>
#include <cmath>
#include <vector>

#include "picture/picture.h"

namespace vit {

namespace {

bool is_space(std::uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Reads the numbers of a header, which stand between white space and comments from # to the end of the line.
class Reader {
public:
    Reader(std::span<const std::uint8_t> bytes, std::size_t at) : bytes_(bytes), at_(at) {}

    // 0 for anything but a positive number that fits.
    int number() {
        while (at_ < bytes_.size() && (is_space(bytes_[at_]) || bytes_[at_] == '#')) {
            if (bytes_[at_] == '#') {
                while (at_ < bytes_.size() && bytes_[at_] != '\n' && bytes_[at_] != '\r') {
                    at_++;
                }
            } else {
                at_++;
            }
        }
        int value = 0;
        for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9'; at_++) {
            if (value > 99'999'999) {
                return 0;
            }
            value = 10 * value + (bytes_[at_] - '0');
        }
        return value;
    }

    // One character of white space ends the header.
    bool end() { return at_ < bytes_.size() && is_space(bytes_[at_++]); }
    std::size_t position() const { return at_; }

private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_;
};

struct PnmHeader {
    int width, height;
    int channels;  // 1 or 3
    int max_value;
    std::size_t header_size;  // bytes
};

bool is_pnm(Octets bytes) {
    return bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
           (is_space(bytes[2]) || bytes[2] == '#');
}

Result<PnmHeader> read_header(Octets bytes, const std::string &sentence) {
    if (bytes[1] != '5' && bytes[1] != '6') {
        return fail(ErrorCode::unsupported,
                    sentence + " of type P" + static_cast<char>(bytes[1]) + ", and only P5 and P6 are read");
    }
    Reader reader(bytes, 2);
    PnmHeader header{};
    header.channels = bytes[1] == '5' ? 1 : 3;
    header.width = reader.number();
    header.height = reader.number();
    header.max_value = reader.number();
    if (!header.width || !header.height || !header.max_value || header.max_value > 65535 || !reader.end()) {
        return fail(ErrorCode::format,
                    sentence + " whose header does not hold a width, a height and a maximum up to 65535");
    }
    header.header_size = reader.position();
    return header;
}

Result<PictureHeader> pnm_header(Octets bytes, const std::string &sentence) {
    VIT_TRY_ASSIGN(const PnmHeader header, read_header(bytes, sentence));
    return PictureHeader{header.width, header.height};
}

// Samples are scaled from 0..max_value to 0..255 and rounded, halves to even.
Result<Samples> decode_pnm(Octets bytes, const PictureHeader &, const ImageOptions &,
                           const std::string &sentence) {
    VIT_TRY_ASSIGN(const PnmHeader header, read_header(bytes, sentence));
    const std::size_t count = std::size_t(header.width) * header.height * header.channels;
    const std::size_t sample_size = header.max_value > 255 ? 2 : 1;
    const auto data = bytes.subspan(header.header_size);
    if (data.size() / sample_size < count) {
        return fail(ErrorCode::format, sentence + " that ends before its last pixel");
    }
    std::vector<std::uint8_t> scaled(sample_size == 2 ? 65536 : 256, 255);  // by sample
    for (int value = 0; value <= header.max_value; value++) {
        scaled[value] =
            static_cast<std::uint8_t>(std::nearbyint(static_cast<double>(value) / header.max_value * 255));
    }
    Samples samples = allocate_samples(header.width, header.height, header.channels);
    if (!samples.data) {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
    }
    for (std::size_t i = 0; i < count; i++) {
        samples.data[i] = scaled[sample_size == 2 ? data[2 * i] << 8 | data[2 * i + 1] : data[i]];
    }
    return samples;
}

std::string own_decoder() {
    return "vit";
}

}  // namespace

const PictureFormat pnm_format{"PNM", own_decoder, is_pnm, pnm_header, decode_pnm};

}  // namespace vit
