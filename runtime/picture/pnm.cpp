// Netpbm's bit, grey and colour maps, P1 to P6, and arbitrary maps, P7. Samples are scaled from 0..maximum
// to 0..255 and rounded, halves to even.
#include <algorithm>
#include <cmath>
#include <vector>

#include "picture/picture.h"
#include "picture/pnm_header.h"
#include "picture/small_formats.h"

namespace vit {

namespace {

bool is_pnm(Octets bytes) {
    return bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' &&
           (is_pnm_space(bytes[2]) || bytes[2] == '#');
}

Result<PictureHeader> pnm_header(Octets bytes, const std::string &sentence) {
    VIT_TRY_ASSIGN(const PnmHeader header, read_pnm_header(bytes, sentence));
    return PictureHeader{header.width, header.height};
}

// By sample; what is above the maximum is as much as it.
std::vector<std::uint8_t> scale(int maximum) {
    std::vector<std::uint8_t> scaled(maximum > 255 ? 65536 : 256, 255);
    for (int value = 0; value <= maximum; value++) {
        const double level = static_cast<double>(value) / maximum * 255;
        scaled[value] = static_cast<std::uint8_t>(std::nearbyint(level));
    }
    return scaled;
}

// How many of the samples there are. Errors: format.
Result<std::size_t> read_plain(Octets data, const PnmHeader &header, const std::vector<std::uint8_t> &scaled,
                               std::size_t count, std::uint8_t *to, const std::string &sentence) {
    PnmReader reader(data, 0);
    for (std::size_t i = 0; i < count; i++) {
        const int value = header.bits ? reader.digit() : reader.number();
        if (reader.at_end() && value < 0) {
            return i;
        }
        if (value < 0 || value > header.maximum) {
            return corrupted(sentence, "there is no sample from 0 to " + std::to_string(header.maximum) +
                                           " at byte " + std::to_string(header.size + reader.position()));
        }
        to[i] = header.bits ? (value ? 0 : 255) : scaled[value];
    }
    return count;
}

std::size_t read_binary(Octets data, const PnmHeader &header, const std::vector<std::uint8_t> &scaled,
                        std::size_t count, std::uint8_t *to) {
    const std::size_t row = std::size_t(header.width) * header.channels;
    if (header.bits) {
        const std::size_t stride = (row + 7) / 8, rows = std::min(data.size() / stride, count / row);
        for (std::size_t y = 0; y < rows; y++) {
            for (std::size_t x = 0; x < row; x++) {
                to[row * y + x] = data[stride * y + x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
            }
        }
        return row * rows;
    }
    const std::size_t sample_size = header.maximum > 255 ? 2 : 1;
    const std::size_t rows = std::min(data.size() / (row * sample_size), count / row);
    for (std::size_t i = 0; i < row * rows; i++) {
        to[i] = scaled[sample_size == 2 ? data[2 * i] << 8 | data[2 * i + 1] : data[i]];
    }
    return row * rows;
}

Result<Samples> decode_pnm(Octets bytes, const PictureHeader &size, const ImageOptions &options,
                           const std::string &sentence) {
    VIT_TRY_ASSIGN(const PnmHeader header, read_pnm_header(bytes, sentence));
    const Octets data = bytes_from(bytes, header.size);
    const std::size_t count = std::size_t(header.width) * header.height * header.channels;
    // A plain sample takes a byte, and all but a bit another between it and the next.
    const std::size_t a_byte = header.bits && !header.plain ? 8 : 1;
    const std::uint64_t holdable = std::uint64_t{a_byte} * data.size();
    if (holdable < count && !options.accept_truncated) {
        return ends_early(sentence);
    }
    VIT_TRY_ASSIGN(Samples samples, zeroed_samples(size, header.channels, holdable, options, sentence));
    const std::vector<std::uint8_t> scaled = scale(header.maximum);
    std::size_t found = 0;
    if (header.plain) {
        VIT_TRY_ASSIGN(found, read_plain(data, header, scaled, count, samples.data.get(), sentence));
    } else {
        found = read_binary(data, header, scaled, count, samples.data.get());
    }
    if (found < count && !options.accept_truncated) {
        return ends_early(sentence);
    }
    return samples;
}

}  // namespace

const PictureFormat pnm_format{"PNM", own_decoder, is_pnm, pnm_header, decode_pnm};

}  // namespace vit
