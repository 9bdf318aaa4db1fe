// TGA. Alpha is taken as Pillow takes it: whatever the attribute bits of the header say, and in pixels of 16
// bits, a set bit is a transparent pixel.
#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "picture/picture.h"
#include "picture/small_formats.h"

namespace vit {

namespace {

constexpr std::size_t header_size = 18;
constexpr int indexed = 1, colored = 2, grey = 3, run_lengths = 8;  // types; run_lengths is added to one

struct TgaHeader {
    int type;  // without run_lengths
    bool runs;
    std::uint32_t bits;  // of a pixel
    std::size_t map;     // offset of the colour map in the file
    std::uint32_t map_first, map_length, map_bits;
    std::size_t pixels;  // offset
    bool to_the_left, top_down;
    bool no_alpha;  // the extension area says that it means nothing
};

bool has_footer(Octets bytes) {
    constexpr std::string_view signature("TRUEVISION-XFILE.\0", 18);
    return bytes.size() >= 26 && begins_with(bytes.last(signature.size()), signature);
}

// TGA has no signature: everything in the header has to be plausible. Without a colour map, its fields are
// zero but in few files, which have at least the footer; other formats have something there.
bool is_tga(Octets bytes) {
    if (bytes.size() < header_size) {
        return false;
    }
    const int map = bytes[1], type = bytes[2] & ~run_lengths;
    const std::uint32_t bits = bytes[16], map_bits = bytes[7], descriptor = bytes[17];
    const bool no_size = little16(bytes, 12) == 0 || little16(bytes, 14) == 0;
    if (map > 1 || bytes[2] > (grey | run_lengths) || no_size || descriptor >> 6 || (descriptor & 15) > 8) {
        return false;
    }
    if (map == 1 && map_bits != 15 && map_bits != 16 && map_bits != 24 && map_bits != 32) {
        return false;
    }
    if (map == 0 && (little32(bytes, 3) != 0 || map_bits > 32) && !has_footer(bytes)) {
        return false;
    }
    switch (type) {
    case indexed:
        return map == 1 && bits == 8 && little16(bytes, 5) > 0;
    case colored:
        return bits == 15 || bits == 16 || bits == 24 || bits == 32;
    case grey:
        return bits == 8 || bits == 16 || (bits == 1 && bytes[2] == grey);
    default:
        return false;
    }
}

TgaHeader read_header(Octets bytes) {
    TgaHeader header{};
    header.type = bytes[2] & ~run_lengths;
    header.runs = bytes[2] & run_lengths;
    header.bits = bytes[16];
    header.map = header_size + bytes[0];
    header.map_bits = bytes[7];
    header.map_first = little16(bytes, 3);
    header.map_length = bytes[1] == 1 ? little16(bytes, 5) : 0;
    header.pixels = header.map + std::size_t{header.map_length} * ((header.map_bits + 7) / 8);
    header.to_the_left = bytes[17] & 0x10;
    header.top_down = bytes[17] & 0x20;
    constexpr std::size_t kind_of_alpha = 494;  // in the extension area
    if (has_footer(bytes)) {
        const std::size_t extension = little32(bytes, bytes.size() - 26);
        header.no_alpha = extension != 0 && extension + kind_of_alpha < bytes.size() &&
                          bytes[extension + kind_of_alpha] == 0;
    }
    return header;
}

Result<PictureHeader> tga_header(Octets bytes, const std::string &) {
    return PictureHeader{little16(bytes, 12), little16(bytes, 14)};
}

using Color = std::array<std::uint8_t, 4>;

Color color_at(const std::uint8_t *from, std::uint32_t bits) {
    if (bits >= 24) {
        return {from[2], from[1], from[0], bits == 32 ? from[3] : std::uint8_t{255}};
    }
    const std::uint32_t pixel = from[0] | std::uint32_t{from[1]} << 8;
    const auto sample = [&](int shift) {
        return static_cast<std::uint8_t>((pixel >> shift & 31) * 255 / 31);
    };
    const bool transparent = bits == 16 && pixel >> 15;
    return {sample(10), sample(5), sample(0), transparent ? std::uint8_t{0} : std::uint8_t{255}};
}

// Entries below the first are zeros, too, and those beyond the last are black.
std::array<Color, 256> read_map(Octets bytes, const TgaHeader &header) {
    std::array<Color, 256> map;
    map.fill({0, 0, 0, 255});
    const std::size_t size = (header.map_bits + 7) / 8;
    for (std::size_t i = 0; i < map.size(); i++) {
        const std::uint8_t zeros[4] = {};
        if (i < header.map_first) {
            map[i] = color_at(zeros, header.map_bits);
        } else if (i < std::size_t{header.map_first} + header.map_length) {
            const std::size_t at = header.map + size * (i - header.map_first);
            if (at + size > bytes.size()) {
                break;
            }
            map[i] = color_at(&bytes[at], header.map_bits);
        }
    }
    return map;
}

// The next pixels of a file, of run lengths or not, a row at a time. Packets may go on in the next row.
class Rows {
public:
    Rows(Octets bytes, const TgaHeader &header, std::size_t row_size) :
        bytes_(bytes), runs_(header.runs), size_((header.bits + 7) / 8), row_(row_size) {}

    // Valid until the next call; null if the file ends before the row's end.
    const std::uint8_t *next() {
        if (!runs_) {
            if (row_.size() > bytes_.size()) {
                return nullptr;
            }
            const std::uint8_t *row = bytes_.data();
            bytes_ = bytes_.subspan(row_.size());
            return row;
        }
        for (std::size_t done = 0; done < row_.size(); done += size_) {
            if (left_ == 0) {
                if (bytes_.empty()) {
                    return nullptr;
                }
                repeated_ = bytes_[0] & 128;
                left_ = (bytes_[0] & 127) + 1;
                bytes_ = bytes_.subspan(1);
                if (repeated_ && !take(pixel_)) {
                    return nullptr;
                }
            }
            if (!repeated_ && !take(pixel_)) {
                return nullptr;
            }
            left_--;
            std::memcpy(&row_[done], pixel_, size_);
        }
        return row_.data();
    }

private:
    bool take(std::uint8_t *pixel) {
        if (bytes_.size() < size_) {
            return false;
        }
        std::memcpy(pixel, bytes_.data(), size_);
        bytes_ = bytes_.subspan(size_);
        return true;
    }

    Octets bytes_;
    bool runs_;
    std::size_t size_;  // of a pixel
    std::vector<std::uint8_t> row_;
    int left_ = 0;  // of the packet
    bool repeated_ = false;
    std::uint8_t pixel_[4];
};

void convert_row(const std::uint8_t *from, const TgaHeader &header, const std::array<Color, 256> &map,
                 const Samples &samples, std::uint8_t *to) {
    const std::size_t n = samples.channels, size = (header.bits + 7) / 8;
    for (int x = 0; x < samples.width; x++, to += n) {
        if (header.type != grey) {
            const Color color =
                header.type == indexed ? map[from[x]] : color_at(from + size * x, header.bits);
            std::copy_n(color.data(), n, to);
            if (header.no_alpha && n == 4 && header.type == colored) {
                to[3] = 255;
            }
        } else if (header.bits == 1) {
            to[0] = from[x / 8] >> (7 - x % 8) & 1 ? 255 : 0;
        } else {
            std::copy_n(from + size * x, n, to);
        }
    }
}

Result<Samples> decode_tga(Octets bytes, const PictureHeader &size, const ImageOptions &options,
                           const std::string &sentence) {
    const TgaHeader header = read_header(bytes);
    const Octets pixels = bytes_from(bytes, header.pixels);
    const auto width = static_cast<std::size_t>(size.width), height = static_cast<std::size_t>(size.height);
    const std::size_t row_size = header.bits == 1 ? (width + 7) / 8 : width * ((header.bits + 7) / 8);
    if (!header.runs && pixels.size() / row_size < height && !options.accept_truncated) {
        return ends_early(sentence);
    }
    const std::uint64_t holdable = header.runs          ? 128 / 2 * std::uint64_t{pixels.size()}
                                   : header.bits == 1 ? 8 * std::uint64_t{pixels.size()}
                                                      : pixels.size();
    const std::uint32_t color_bits = header.type == indexed ? header.map_bits : header.bits;
    const bool has_alpha = color_bits == 16 || color_bits == 32;
    const int channels = header.type == grey ? (header.bits == 16 ? 2 : 1) : has_alpha ? 4 : 3;
    VIT_TRY_ASSIGN(Samples samples, zeroed_samples(size, channels, holdable, options, sentence));
    const auto map = read_map(bytes, header);
    Rows rows(pixels, header, row_size);
    const std::size_t to_row = width * channels;
    std::size_t i = 0;
    for (; i < height; i++) {
        const std::uint8_t *const row = rows.next();
        if (!row) {
            break;
        }
        std::uint8_t *const to = &samples.data[to_row * (header.top_down ? i : height - 1 - i)];
        convert_row(row, header, map, samples, to);
        for (std::size_t x = 0; header.to_the_left && x < width / 2; x++) {
            std::swap_ranges(to + channels * x, to + channels * (x + 1), to + channels * (width - 1 - x));
        }
    }
    if (i < height && !options.accept_truncated) {
        return ends_early(sentence);
    }
    // What is missing is of the map's first colour.
    for (; i < height && header.type == indexed; i++) {
        std::uint8_t *const to = &samples.data[to_row * (header.top_down ? i : height - 1 - i)];
        for (std::size_t x = 0; x < width; x++) {
            std::copy_n(map[0].data(), channels, to + channels * x);
        }
    }
    return samples;
}

}  // namespace

const PictureFormat tga_format{"TGA", own_decoder, is_tga, tga_header, decode_tga};

}  // namespace vit
