// WebP by libwebp. The container (RIFF, RFC 9649) is walked here: Pillow shows an animation's first frame, and
// the frames behind it, of which libwebpdemux would keep a list, are of no interest.
#include <webp/decode.h>

#include <algorithm>
#include <optional>

#include "picture/exif.h"
#include "picture/picture.h"

namespace vit {

namespace {

std::uint32_t little_endian(Octets bytes, std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; i++) {
        value |= std::uint32_t{bytes[at + i]} << 8 * i;
    }
    return value;
}

struct RiffChunk {
    std::string_view type;
    Octets data;  // as much of it as there is
    bool whole;   // there is all of it
};

// Cuts the first chunk off.
std::optional<RiffChunk> take_chunk(Octets &bytes) {
    if (bytes.size() < 8) {
        return std::nullopt;
    }
    const std::string_view type(reinterpret_cast<const char *>(bytes.data()), 4);
    const std::size_t size = little_endian(bytes, 4, 4), padded = size + size % 2;
    bytes = bytes.subspan(8);
    const RiffChunk chunk{type, bytes.first(std::min(size, bytes.size())), size <= bytes.size()};
    bytes = bytes.subspan(std::min(padded, bytes.size()));
    return chunk;
}

// Where a file's parts are.
struct Layout {
    std::int64_t width = 0, height = 0;                            // of the canvas
    std::int64_t x = 0, y = 0, frame_width = 0, frame_height = 0;  // of the picture, or the first frame
    Octets image;       // from ALPH, VP8 or VP8L on, as libwebp takes it
    bool alpha = false;  // transparency means something
    bool whole = true;   // no part of the image is missing
    Octets exif, xmp;
};

// The image within chunks: ALPH, if there is, and VP8 or VP8L.
void find_image(Octets chunks, Layout &layout) {
    layout.whole = false;
    Octets from;
    for (Octets before = chunks; const auto chunk = take_chunk(chunks); before = chunks) {
        const bool is_alpha = chunk->type == "ALPH";
        if (is_alpha || chunk->type == "VP8 " || chunk->type == "VP8L") {
            if (from.empty()) from = before;
            layout.image = from.first(from.size() - chunks.size());
            layout.whole = chunk->whole && !is_alpha;
            if (!is_alpha) {
                return;
            }
        }
    }
}

tl::unexpected<Error> wrong(const std::string &sentence, const std::string &what) {
    return fail(ErrorCode::format, sentence + what);
}

tl::unexpected<Error> ends_early(const std::string &sentence) {
    return wrong(sentence, " that ends before its last pixel");
}

// Looks at no more than the image's own header.
Result<void> read_features(Layout &layout, bool is_canvas, const std::string &sentence) {
    WebPBitstreamFeatures features;
    const VP8StatusCode status = WebPGetFeatures(layout.image.data(), layout.image.size(), &features);
    if (status == VP8_STATUS_NOT_ENOUGH_DATA) {
        return ends_early(sentence);
    }
    if (status != VP8_STATUS_OK) {
        return wrong(sentence, " that cannot be decoded: its image has no header of WebP");
    }
    if (is_canvas) {
        layout.width = layout.frame_width = features.width;
        layout.height = layout.frame_height = features.height;
        layout.alpha = features.has_alpha;
    } else if (features.width != layout.frame_width || features.height != layout.frame_height) {
        return wrong(sentence, " whose header contradicts itself");
    }
    return {};
}

Result<Layout> read_layout(Octets bytes, const std::string &sentence) {
    // RIFF's own size may be less than the file's: a trailer.
    const std::size_t riff = std::size_t{little_endian(bytes, 4, 4)} + 8;
    const Octets chunks = bytes.first(std::max<std::size_t>(12, std::min(riff, bytes.size()))).subspan(12);
    Octets rest = chunks;
    const auto first = take_chunk(rest);
    if (!first) {
        return bytes.size() < riff ? ends_early(sentence) : wrong(sentence, " without an image");
    }
    Layout layout;
    if (first->type != "VP8X") {
        find_image(chunks, layout);
        VIT_TRY(read_features(layout, true, sentence));
        return layout;
    }
    if (first->data.size() < 10) {
        return first->whole ? wrong(sentence, " whose header is too short") : ends_early(sentence);
    }
    constexpr int has_alpha = 16, is_animation = 2;
    const int flags = first->data[0];
    layout.alpha = flags & has_alpha;
    layout.width = layout.frame_width = 1 + std::int64_t{little_endian(first->data, 4, 3)};
    layout.height = layout.frame_height = 1 + std::int64_t{little_endian(first->data, 7, 3)};
    if (!(flags & is_animation)) {
        find_image(rest, layout);
    }
    bool frame_seen = !(flags & is_animation);
    while (const auto chunk = take_chunk(rest)) {
        if (chunk->type == "EXIF" && layout.exif.empty()) {
            layout.exif = chunk->data;
        } else if (chunk->type == "XMP " && layout.xmp.empty()) {
            layout.xmp = chunk->data;
        } else if (chunk->type == "ANMF" && !frame_seen && chunk->data.size() >= 16) {
            frame_seen = true;
            layout.x = 2 * std::int64_t{little_endian(chunk->data, 0, 3)};
            layout.y = 2 * std::int64_t{little_endian(chunk->data, 3, 3)};
            layout.frame_width = 1 + std::int64_t{little_endian(chunk->data, 6, 3)};
            layout.frame_height = 1 + std::int64_t{little_endian(chunk->data, 9, 3)};
            find_image(chunk->data.subspan(16), layout);
        }
    }
    if (layout.image.empty()) {
        return bytes.size() < riff ? ends_early(sentence) : wrong(sentence, " without an image");
    }
    if (layout.x + layout.frame_width > layout.width || layout.y + layout.frame_height > layout.height) {
        return wrong(sentence, " whose first frame is not within it");
    }
    VIT_TRY(read_features(layout, false, sentence));
    return layout;
}

std::string webp_version() {
    const int version = WebPGetDecoderVersion();
    return "libwebp " + std::to_string(version >> 16) + "." + std::to_string(version >> 8 & 255) + "." +
           std::to_string(version & 255);
}

bool is_webp(Octets bytes) {
    return bytes.size() >= 12 && begins_with(bytes, "RIFF") && begins_with(bytes.subspan(8), "WEBP");
}

Result<PictureHeader> webp_header(Octets bytes, const std::string &sentence) {
    VIT_TRY_ASSIGN(const Layout layout, read_layout(bytes, sentence));
    return PictureHeader{layout.width, layout.height, orientation_of(layout.exif, layout.xmp)};
}

struct DeleteDecoder {
    void operator()(WebPIDecoder *decoder) const { WebPIDelete(decoder); }
};

Result<Samples> decode_webp(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                            const std::string &sentence) {
    VIT_TRY_ASSIGN(const Layout layout, read_layout(bytes, sentence));
    if (!layout.whole && !options.accept_truncated) {
        return ends_early(sentence);
    }
    const int channels = layout.alpha ? 4 : 3;
    // Samples, RGB, and of libwebp ARGB and a plane of alpha.
    const std::int64_t memory = (channels + 3 + 5) * header.width * header.height;
    if (memory > options.max_memory) {
        return fail(ErrorCode::unsupported, sentence + " that takes " + std::to_string(memory) +
                                                " bytes to decode, more than " +
                                                std::to_string(options.max_memory));
    }
    const auto no_memory = [&] {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
    };
    Samples samples{static_cast<int>(header.width), static_cast<int>(header.height), channels, nullptr};
    const std::size_t stride = std::size_t(header.width) * std::size_t(channels);
    const std::size_t size = stride * std::size_t(header.height);
    // Zero, transparent black, is what an animation's first frame does not cover.
    samples.data.reset(static_cast<std::uint8_t *>(std::calloc(size, 1)));
    WebPDecoderConfig config;
    if (!samples.data || !WebPInitDecoderConfig(&config)) {
        return no_memory();
    }
    const std::size_t at = std::size_t(layout.y) * stride + std::size_t(layout.x * channels);
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = samples.data.get() + at;
    config.output.u.RGBA.stride = static_cast<int>(stride);
    config.output.u.RGBA.size = size - at;
    VP8StatusCode status;
    if (options.accept_truncated) {
        const std::unique_ptr<WebPIDecoder, DeleteDecoder> decoder(WebPIDecode(nullptr, 0, &config));
        if (!decoder) {
            return no_memory();
        }
        status = WebPIUpdate(decoder.get(), layout.image.data(), layout.image.size());
        if (status != VP8_STATUS_OUT_OF_MEMORY) {
            return samples;
        }
    } else {
        status = WebPDecode(layout.image.data(), layout.image.size(), &config);
    }
    switch (status) {
    case VP8_STATUS_OK:
        return samples;
    case VP8_STATUS_OUT_OF_MEMORY:
        return no_memory();
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return ends_early(sentence);
    default:
        return wrong(sentence, " that cannot be decoded: its image is corrupted");
    }
}

}  // namespace

const PictureFormat webp_format{"WebP", webp_version, is_webp, webp_header, decode_webp};

}  // namespace vit
