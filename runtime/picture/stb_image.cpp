#include "picture/stb_image.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace {

// A compressed file can expand a thousandfold, and stb_image would follow: no block may be larger than a
// picture of the header's size has use for. Set for the time of one call on the thread that makes it.
thread_local std::size_t block_limit = 0;
thread_local bool out_of_memory = false;

// New memory is zero: stb_image 2.27 reads structures of its own that it has not filled.
void *bounded_malloc(std::size_t size) {
    void *block = size <= block_limit ? std::calloc(size, 1) : nullptr;
    out_of_memory = out_of_memory || (!block && size <= block_limit);
    return block;
}

void *bounded_realloc(void *block, std::size_t size) {
    void *moved = size <= block_limit ? std::realloc(block, size) : nullptr;
    out_of_memory = out_of_memory || (!moved && size <= block_limit);
    return moved;
}

}  // namespace

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_ONLY_GIF
#define STBI_ONLY_TGA
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_ASSERT(condition) static_cast<void>(0)  // a library does not abort
#define STBI_MALLOC(size) bounded_malloc(size)
#define STBI_REALLOC(block, size) bounded_realloc(block, size)
#define STBI_FREE(block) std::free(block)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace vit {

namespace {

// The bytes of a file as stb_image asks for them, with a note of whether it asked for more than there are.
class Source {
public:
    explicit Source(Octets bytes) : rest_(bytes) {
        stbi_io_callbacks callbacks{read, skip, at_end};
        stbi__start_callbacks(&context, &callbacks, this);
    }
    Source(const Source &) = delete;
    Source &operator=(const Source &) = delete;

    stbi__context context{};
    bool passed_end = false;

private:
    // Either more of what comes next, into the context's own buffer, where any number of bytes will do, or a
    // block that is wanted whole.
    static int read(void *user, char *data, int size) {
        Source &source = *static_cast<Source *>(user);
        const bool any_number = data == reinterpret_cast<char *>(source.context.buffer_start);
        const std::size_t n = std::min(source.rest_.size(), static_cast<std::size_t>(std::max(size, 0)));
        if (n > 0) {
            std::memcpy(data, source.rest_.data(), n);
        }
        source.rest_ = source.rest_.subspan(n);
        if (n == 0 || (!any_number && n < static_cast<std::size_t>(size))) {
            source.passed_end = true;
        }
        return static_cast<int>(n);
    }
    // Rows and chunks may be padded to a size that the file no longer has: only reading passes the end.
    static void skip(void *user, int size) {
        Source &source = *static_cast<Source *>(user);
        source.rest_ =
            source.rest_.subspan(std::min(source.rest_.size(), static_cast<std::size_t>(std::max(size, 0))));
    }
    static int at_end(void *user) { return static_cast<Source *>(user)->rest_.empty(); }

    Octets rest_;
};

tl::unexpected<Error> broken(const std::string &sentence) {
    const char *reason = stbi__g_failure_reason;
    return fail(ErrorCode::format,
                sentence + " that cannot be decoded" + (reason ? std::string(": ") + reason : ""));
}

tl::unexpected<Error> ends_early(const std::string &sentence) {
    return fail(ErrorCode::format, sentence + " that ends before its last pixel");
}

// The first frame. Pixels that it does not draw are transparent, as they are in browsers.
std::uint8_t *load_gif(Source &source, Samples &picture, bool &ended_early) {
    const auto gif = std::make_unique<stbi__gif>();  // 36 KiB
    stbi_uc *frame = stbi__gif_load_next(&source.context, gif.get(), &picture.channels, 4, nullptr);
    bool drawn = frame && frame != reinterpret_cast<stbi_uc *>(&source.context);
    if (drawn) {
        ended_early = gif->cur_y < gif->max_y;  // the code stream ended before the last row
        drawn = gif->start_x < gif->max_x && gif->start_y < gif->max_y;
        for (std::int64_t i = 0; i < std::int64_t{gif->w} * gif->h; i++) {
            if (!gif->history[i]) {
                gif->out[4 * i + 3] = 0;
            }
        }
    }
    picture.width = gif->w;
    picture.height = gif->h;
    picture.channels = 4;
    std::free(gif->history);
    std::free(gif->background);
    if (!drawn) {
        std::free(gif->out);
    }
    return drawn ? gif->out : nullptr;
}

// A file's samples, of 8 bits; null with stb_image's reason.
std::uint8_t *load(StbFormat format, Source &source, Samples &picture, bool &ended_early) {
    stbi__result_info info{};
    info.bits_per_channel = 8;
    void *samples = nullptr;
    int *const w = &picture.width, *const h = &picture.height, *const n = &picture.channels;
    switch (format) {
    case StbFormat::jpeg:
        samples = stbi__jpeg_load(&source.context, w, h, n, 0, &info);
        break;
    case StbFormat::png:
        samples = stbi__png_load(&source.context, w, h, n, 0, &info);
        break;
    case StbFormat::bmp:
        samples = stbi__bmp_load(&source.context, w, h, n, 0, &info);
        break;
    case StbFormat::tga:
        samples = stbi__tga_load(&source.context, w, h, n, 0, &info);
        break;
    case StbFormat::gif:
        return load_gif(source, picture, ended_early);
    }
    if (samples && info.bits_per_channel == 16) {
        return stbi__convert_16_to_8(static_cast<stbi__uint16 *>(samples), *w, *h, *n);
    }
    return static_cast<std::uint8_t *>(samples);
}

int read_header(StbFormat format, stbi__context *context, int *w, int *h, int *n) {
    switch (format) {
    case StbFormat::jpeg:
        return stbi__jpeg_info(context, w, h, n);
    case StbFormat::png:
        return stbi__png_info(context, w, h, n);
    case StbFormat::bmp:
        return stbi__bmp_info(context, w, h, n);
    case StbFormat::gif:
        return stbi__gif_info(context, w, h, n);
    case StbFormat::tga:
        return stbi__tga_info(context, w, h, n);
    }
    return 0;
}

// Twice the samples of 16 bits and 4 channels (buffers grow by doubling), in whole blocks of JPEG's largest
// unit, or twice the file.
std::size_t largest_block(const PictureHeader &header, std::size_t file_size) {
    const std::size_t w = header.width + 64, h = header.height + 64;
    return std::max(16 * w * h, 2 * file_size) + (std::size_t{1} << 20);
}

}  // namespace

std::string stb_version() {
    return "stb_image 2.27";
}

bool stb_is_tga(Octets bytes) {
    Source source(bytes);
    return stbi__tga_test(&source.context) && !source.passed_end;
}

Result<PictureHeader> stb_header(StbFormat format, Octets bytes, const std::string &sentence) {
    block_limit = std::size_t{1} << 20;
    stbi__g_failure_reason = nullptr;
    Source source(bytes);
    int width = 0, height = 0, channels = 0;
    if (!read_header(format, &source.context, &width, &height, &channels)) {
        return source.passed_end ? ends_early(sentence) : broken(sentence);
    }
    if (width < 1 || height < 1) {
        return fail(ErrorCode::format, sentence + " of no size");
    }
    return PictureHeader{width, height};
}

Result<Samples> stb_decode(StbFormat format, Octets bytes, const PictureHeader &header,
                           const std::string &sentence) {
    block_limit = largest_block(header, bytes.size());
    out_of_memory = false;
    stbi__g_failure_reason = nullptr;
    Source source(bytes);
    Samples picture;
    bool ended_early = false;
    picture.data.reset(load(format, source, picture, ended_early));
    if (out_of_memory) {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
    }
    if (source.passed_end || (picture.data && ended_early)) {
        return ends_early(sentence);
    }
    if (!picture.data) {
        return broken(sentence);
    }
    if (picture.width != header.width || picture.height != header.height || picture.channels < 1 ||
        picture.channels > 4) {
        return fail(ErrorCode::format, sentence + " whose header contradicts itself");
    }
    return picture;
}

}  // namespace vit
