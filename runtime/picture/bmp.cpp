// BMP of Windows and OS/2. What fields mean where files disagree with the descriptions is as Pillow has it.
#include <algorithm>
#include <array>
#include <bit>

#include "picture/bmp_runs.h"
#include "picture/picture.h"
#include "picture/small_formats.h"

namespace vit {

namespace {

constexpr std::uint32_t rgb = 0, run_lengths_8 = 1, run_lengths_4 = 2, masked = 3, masked_alpha = 6;

struct BmpHeader {
    std::int64_t width, height;
    bool top_down;
    std::uint32_t bits, compression;
    std::array<std::uint32_t, 4> masks{};  // red, green, blue, alpha
    bool has_alpha = false;
    std::size_t palette = 0, palette_entry = 4;  // offset in the file, bytes
    std::uint32_t colors = 0;
    std::size_t pixels;  // offset
};

bool is_bmp(Octets bytes) {
    return begins_with(bytes, "BM");
}

// Which samples the masks pick, and whether one of them is alpha. Of 16 bits, alpha has a meaning only
// beside colours that are neither 555 nor 565.
void read_masks(Octets bytes, std::uint32_t header_size, BmpHeader &header) {
    constexpr std::size_t at = 14 + 40;
    const bool alpha = header_size >= 56 || (header_size == 40 && header.compression == masked_alpha);
    for (std::size_t i = 0; i < (alpha ? 4 : 3); i++) {
        header.masks[i] = little32(bytes, at + 4 * i);
    }
    auto &m = header.masks;
    if (header.bits == 32 && std::ranges::all_of(m, [](std::uint32_t mask) { return mask == 0; })) {
        m = {0xff0000, 0xff00, 0xff, 0xff000000};
    }
    const bool no_alpha = header.bits == 16 && ((m[0] == 0x7c00 && m[1] == 0x3e0 && m[2] == 0x1f) ||
                                                (m[0] == 0xf800 && m[1] == 0x7e0 && m[2] == 0x1f));
    header.has_alpha = m[3] != 0 && header.bits != 24 && !no_alpha;
}

Result<BmpHeader> read_header(Octets bytes, const std::string &sentence) {
    constexpr std::size_t file_header = 14;
    if (bytes.size() < file_header + 12) {
        return ends_early(sentence);
    }
    const std::uint32_t size = little32(bytes, file_header);
    constexpr std::uint32_t sizes[] = {12, 40, 52, 56, 64, 108, 124};
    if (std::ranges::find(sizes, size) == std::end(sizes)) {
        return fail(ErrorCode::unsupported,
                    sentence + " with a header of " + std::to_string(size) + " bytes, which is not known");
    }
    if (bytes.size() < file_header + size) {
        return ends_early(sentence);
    }
    BmpHeader header{};
    header.palette_entry = 4;
    if (size == 12) {
        header.width = little16(bytes, 18);
        header.height = little16(bytes, 20);
        header.bits = little16(bytes, 24);
        header.palette_entry = 3;
    } else {
        header.width = little32(bytes, 18);
        header.height = little32(bytes, 22);
        header.top_down = bytes[25] == 0xff;  // a negative height, of a size that there is
        if (header.top_down) {
            header.height = (std::int64_t{1} << 32) - header.height;
        }
        header.bits = little16(bytes, 28);
        header.compression = little32(bytes, 30);
        header.colors = little32(bytes, 46);
    }
    header.palette = file_header + size;
    if (header.width < 1 || header.height < 1) {
        return fail(ErrorCode::format, sentence + " of no size");
    }
    const std::uint32_t bits = header.bits, compression = header.compression;
    const bool has_masks = compression == masked || compression == masked_alpha;
    const bool indexed = bits == 1 || bits == 4 || bits == 8;
    if (!indexed && bits != 16 && bits != 24 && bits != 32) {
        return fail(ErrorCode::unsupported, sentence + " of " + std::to_string(bits) + " bits a pixel");
    }
    const bool known = compression == rgb || (compression == run_lengths_8 && bits == 8) ||
                       (compression == run_lengths_4 && bits == 4) || (has_masks && !indexed);
    if (!known) {
        return fail(ErrorCode::unsupported, sentence + " of " + std::to_string(bits) +
                                                " bits a pixel with compression " +
                                                std::to_string(compression) + ", which is not known");
    }
    if (has_masks) {
        const std::size_t behind = size > 40 ? 0 : compression == masked_alpha ? 16 : 12;
        if (bytes.size() < file_header + size + behind) {
            return ends_early(sentence);
        }
        read_masks(bytes, size, header);
        header.palette += behind;
    } else if (bits == 16) {
        header.masks = {0x7c00, 0x3e0, 0x1f, 0};
    } else {
        header.masks = {0xff0000, 0xff00, 0xff, 0};  // of 32 bits, the fourth byte means nothing
    }
    if (header.colors == 0) {
        header.colors = indexed ? 1u << bits : 0;
    }
    const std::size_t palette_size = indexed ? header.palette_entry * std::size_t{header.colors} : 0;
    header.pixels = little32(bytes, 10);
    // Some writers leave the palette out of the offset.
    if (header.pixels == 0 || (indexed && header.pixels == file_header + size)) {
        header.pixels = header.palette + palette_size;
    }
    return header;
}

Result<PictureHeader> bmp_header(Octets bytes, const std::string &sentence) {
    VIT_TRY_ASSIGN(const BmpHeader header, read_header(bytes, sentence));
    return PictureHeader{header.width, header.height};
}

using Palette = std::array<std::array<std::uint8_t, 3>, 256>;

// Indices beyond the palette are black, but beyond one of the first greys, that is no palette but levels.
Palette read_palette(Octets bytes, const BmpHeader &header) {
    Palette palette{};
    bool levels = header.bits == 8;
    const std::size_t colors = std::min<std::size_t>(header.colors, palette.size());
    for (std::size_t i = 0; i < colors; i++) {
        const std::size_t at = header.palette + header.palette_entry * i;
        if (at + 3 > bytes.size()) {
            levels = false;
            break;
        }
        palette[i] = {bytes[at + 2], bytes[at + 1], bytes[at]};
        levels = levels && std::ranges::all_of(palette[i], [&](std::uint8_t v) { return v == i; });
    }
    for (std::size_t i = colors; levels && i < palette.size(); i++) {
        palette[i].fill(static_cast<std::uint8_t>(i));
    }
    return palette;
}

// The bits of a mask as a sample of 0 to 255, rounded down as Pillow's tables for 5 and 6 bits are.
class Mask {
public:
    explicit Mask(std::uint32_t mask) :
        mask_(mask), shift_(mask ? std::countr_zero(mask) : 0), most_(mask >> shift_) {}
    std::uint8_t sample(std::uint32_t pixel) const {
        const std::uint64_t value = (pixel & mask_) >> shift_;
        return most_ == 0 ? 0 : static_cast<std::uint8_t>(value * 255 / most_);
    }

private:
    std::uint32_t mask_;
    int shift_;
    std::uint32_t most_;
};

void indexed_row(const std::uint8_t *from, std::int64_t width, std::uint32_t bits, const Palette &palette,
                 std::uint8_t *to) {
    const std::uint32_t a_byte = 8 / bits;
    for (std::int64_t x = 0; x < width; x++, to += 3) {
        const std::uint32_t shift = 8 - bits - bits * static_cast<std::uint32_t>(x % a_byte);
        std::ranges::copy(palette[from[x / a_byte] >> shift & ((1u << bits) - 1)], to);
    }
}

void direct_row(const std::uint8_t *from, const BmpHeader &header, std::uint8_t *to) {
    const bool bgr = header.bits >= 24 && !header.has_alpha && header.masks[0] == 0xff0000 &&
                     header.masks[1] == 0xff00 && header.masks[2] == 0xff;
    const std::size_t a_pixel = header.bits / 8;
    const Mask red(header.masks[0]), green(header.masks[1]), blue(header.masks[2]), alpha(header.masks[3]);
    for (std::int64_t x = 0; x < header.width; x++, from += a_pixel) {
        if (bgr) {
            to[0] = from[2];
            to[1] = from[1];
            to[2] = from[0];
            to += 3;
            continue;
        }
        std::uint32_t pixel = 0;
        for (std::size_t i = 0; i < a_pixel; i++) {
            pixel |= std::uint32_t{from[i]} << 8 * i;
        }
        *to++ = red.sample(pixel);
        *to++ = green.sample(pixel);
        *to++ = blue.sample(pixel);
        if (header.has_alpha) {
            *to++ = alpha.sample(pixel);
        }
    }
}

Result<Samples> decode_run_lengths(Octets bytes, const BmpHeader &header, const PictureHeader &size,
                                   const ImageOptions &options, const std::string &sentence) {
    const Palette palette = read_palette(bytes, header);
    const Octets runs = bytes_from(bytes, header.pixels);
    VIT_TRY_ASSIGN(Samples samples, zeroed_samples(size, 3, bmp_runs_hold(runs), options, sentence));
    // Indices stand in the first third of the samples: from the end, each makes room for its colour.
    std::uint8_t *const data = samples.data.get();
    if (!decode_bmp_runs(runs, header.bits == 4, samples.width, samples.height, data) &&
        !options.accept_truncated) {
        return ends_early(sentence);
    }
    for (std::size_t i = std::size_t(samples.width) * samples.height; i-- > 0;) {
        std::ranges::copy(palette[data[i]], data + 3 * i);
    }
    const std::size_t row = std::size_t{3} * samples.width;
    for (int y = 0; !header.top_down && y < samples.height / 2; y++) {
        std::swap_ranges(data + row * y, data + row * (y + 1), data + row * (samples.height - 1 - y));
    }
    return samples;
}

Result<Samples> decode_bmp(Octets bytes, const PictureHeader &size, const ImageOptions &options,
                           const std::string &sentence) {
    VIT_TRY_ASSIGN(const BmpHeader header, read_header(bytes, sentence));
    if (header.compression == run_lengths_8 || header.compression == run_lengths_4) {
        return decode_run_lengths(bytes, header, size, options, sentence);
    }
    const Octets pixels = bytes_from(bytes, header.pixels);
    // Rows are padded to 4 bytes, but the last need not be.
    const std::uint64_t bits = static_cast<std::uint64_t>(header.width) * header.bits;
    const std::uint64_t row = (bits + 7) / 8, stride = (bits + 31) / 32 * 4;
    const std::uint64_t rows = pixels.size() < row ? 0 : (pixels.size() - row) / stride + 1;
    if (rows < static_cast<std::uint64_t>(header.height) && !options.accept_truncated) {
        return ends_early(sentence);
    }
    VIT_TRY_ASSIGN(Samples samples, zeroed_samples(size, header.has_alpha ? 4 : 3,
                                                   rows * static_cast<std::uint64_t>(header.width), options,
                                                   sentence));
    const Palette palette = read_palette(bytes, header);
    const std::size_t to_row = std::size_t(samples.channels) * samples.width;
    for (int i = 0; i < samples.height; i++) {
        std::uint8_t *const to = &samples.data[to_row * (header.top_down ? i : samples.height - 1 - i)];
        const bool there = static_cast<std::uint64_t>(i) < rows;
        const std::uint8_t *const from = there ? pixels.data() + stride * i : nullptr;
        if (there && header.bits > 8) {
            direct_row(from, header, to);
        } else if (there) {
            indexed_row(from, header.width, header.bits, palette, to);
        } else if (header.bits <= 8) {  // what is missing is of the palette's first colour
            for (int x = 0; x < samples.width; x++) {
                std::ranges::copy(palette[0], to + 3 * x);
            }
        }
    }
    return samples;
}

}  // namespace

const PictureFormat bmp_format{"BMP", own_decoder, is_bmp, bmp_header, decode_bmp};

}  // namespace vit
