// GIF: the first frame, on its screen.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "picture/gif_codes.h"
#include "picture/picture.h"
#include "picture/small_formats.h"

namespace vit {

namespace {

constexpr std::size_t screen_size = 13, frame_size = 9;  // bytes of descriptors

struct GifHeader {
    std::uint32_t width, height;  // of the screen
    std::uint32_t x, y, frame_width, frame_height;
    bool interlaced;
    int transparent = -1;  // index
    Octets palette;
    int bits;  // of an index
    std::size_t data;
};

bool is_gif(Octets bytes) {
    return begins_with(bytes, "GIF87a") || begins_with(bytes, "GIF89a");
}

// Behind an extension that begins at `at`, with its kind. The one for graphics may name a transparent index.
std::size_t read_extension(Octets bytes, std::size_t at, int &transparent) {
    constexpr std::uint8_t graphics = 249;
    const bool of_graphics = at < bytes.size() && bytes[at] == graphics;
    at++;
    if (of_graphics && at + 4 < bytes.size() && bytes[at] >= 4 && bytes[at + 1] & 1) {
        transparent = bytes[at + 4];
    }
    while (at < bytes.size() && bytes[at] != 0) {
        at += std::size_t{1} + bytes[at];
    }
    return at + 1;
}

Result<GifHeader> read_header(Octets bytes, const std::string &sentence) {
    if (bytes.size() < screen_size) {
        return ends_early(sentence);
    }
    GifHeader header{};
    header.width = little16(bytes, 6);
    header.height = little16(bytes, 8);
    std::size_t at = screen_size;
    const auto read_palette = [&](std::uint8_t flags) {
        if (flags & 128) {
            const std::size_t size = std::size_t{6} << (flags & 7);
            header.palette = bytes_from(bytes, at);
            header.palette = header.palette.first(std::min(size, header.palette.size()));
            at += size;
        }
    };
    read_palette(bytes[10]);
    while (at < bytes.size() && bytes[at] != ',') {
        const std::uint8_t kind = bytes[at++];
        if (kind == ';') {
            return fail(ErrorCode::format, sentence + " without a frame");
        }
        if (kind == '!') {
            at = read_extension(bytes, at, header.transparent);
        }
    }
    at++;
    if (at + frame_size >= bytes.size()) {
        return ends_early(sentence);
    }
    header.x = little16(bytes, at);
    header.y = little16(bytes, at + 2);
    header.frame_width = little16(bytes, at + 4);
    header.frame_height = little16(bytes, at + 6);
    const std::uint8_t flags = bytes[at + 8];
    header.interlaced = flags & 64;
    at += frame_size;
    read_palette(flags);
    if (at >= bytes.size()) {
        return ends_early(sentence);
    }
    header.bits = bytes[at];
    header.data = at + 1;
    if (header.frame_width < 1 || header.frame_height < 1) {
        return fail(ErrorCode::format, sentence + " whose first frame has no size");
    }
    if (header.bits > 11) {
        return corrupted(sentence, "its indices have " + std::to_string(header.bits) + " bits");
    }
    // A frame that is beyond its screen widens it.
    header.width = std::max(header.width, header.x + header.frame_width);
    header.height = std::max(header.height, header.y + header.frame_height);
    return header;
}

Result<PictureHeader> gif_header(Octets bytes, const std::string &sentence) {
    VIT_TRY_ASSIGN(const GifHeader header, read_header(bytes, sentence));
    return PictureHeader{header.width, header.height};
}

using Color = std::array<std::uint8_t, 4>;

// Beyond the palette all is black; without one, or with one of the first greys, indices are levels of grey.
std::array<Color, 256> read_colors(const GifHeader &header) {
    std::array<Color, 256> colors;
    colors.fill({0, 0, 0, 255});
    bool levels = true;
    for (std::size_t i = 0; 3 * i + 2 < header.palette.size(); i++) {
        std::copy_n(&header.palette[3 * i], 3, colors[i].data());
        levels = levels && std::all_of(&colors[i][0], &colors[i][3], [&](std::uint8_t v) { return v == i; });
    }
    for (std::size_t i = 0; levels && i < colors.size(); i++) {
        std::fill_n(colors[i].data(), 3, static_cast<std::uint8_t>(i));
    }
    if (header.transparent >= 0) {
        colors[header.transparent][3] = 0;
    }
    return colors;
}

// In which order rows are held.
std::vector<std::uint32_t> rows_of(const GifHeader &header) {
    struct Pass {
        std::uint32_t first, step;
    };
    constexpr Pass plain[] = {{0, 1}}, interlaced[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
    std::vector<std::uint32_t> rows;
    rows.reserve(header.frame_height);
    for (const Pass &pass : header.interlaced ? std::span<const Pass>(interlaced) : plain) {
        for (std::uint32_t y = pass.first; y < header.frame_height; y += pass.step) {
            rows.push_back(y);
        }
    }
    return rows;
}

// What the frame does not draw is of the transparent index, or of index 0, as Pillow has it.
Result<Samples> decode_gif(Octets bytes, const PictureHeader &size, const ImageOptions &options,
                           const std::string &sentence) {
    VIT_TRY_ASSIGN(const GifHeader header, read_header(bytes, sentence));
    const Octets blocks = bytes_from(bytes, header.data);
    const std::size_t frame_width = header.frame_width, count = frame_width * header.frame_height;
    const std::uint64_t holdable = gif_codes_hold(blocks, header.bits);
    if (holdable < count && !options.accept_truncated) {
        return ends_early(sentence);
    }
    const std::size_t n = header.transparent >= 0 ? 4 : 3;
    VIT_TRY_ASSIGN(Samples samples,
                   zeroed_samples(size, static_cast<int>(n) + 1, holdable, options, sentence));
    samples.channels = static_cast<int>(n);
    // Indices are held behind the colours.
    const std::size_t pixels = std::size_t(samples.width) * samples.height;
    std::uint8_t *const indices = samples.data.get() + n * pixels;
    std::size_t found = 0;
    const GifEnd end = decode_gif_codes(blocks, header.bits, count, indices, found);
    if (end == GifEnd::corrupted && !options.accept_truncated) {
        return corrupted(sentence, "there is a code without a meaning");
    }
    if (end == GifEnd::early && !options.accept_truncated) {
        return ends_early(sentence);
    }
    const auto colors = read_colors(header);
    const Color &background = colors[std::max(header.transparent, 0)];
    for (std::size_t i = 0; i < pixels; i++) {
        std::copy_n(background.data(), n, &samples.data[n * i]);
    }
    std::size_t i = 0;
    for (const std::uint32_t y : rows_of(header)) {
        std::uint8_t *to = &samples.data[n * (std::size_t{header.y + y} * samples.width + header.x)];
        for (std::size_t x = 0; x < frame_width && i < found; x++, i++, to += n) {
            std::copy_n(colors[indices[i]].data(), n, to);
        }
    }
    return samples;
}

}  // namespace

const PictureFormat gif_format{"GIF", own_decoder, is_gif, gif_header, decode_gif};

}  // namespace vit
