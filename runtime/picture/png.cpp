// PNG by libpng. It is handed the chunks that make pixels and no others: of text, profiles and animations it
// never sees a byte, whatever they would inflate to.
#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "picture/picture.h"
#include "picture/png_chunks.h"

namespace vit {

namespace {

constexpr std::string_view signature("\x89PNG\r\n\x1a\n", 8);

std::uint32_t big_endian(const std::uint8_t *p) {
    return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

tl::unexpected<Error> wrong(const std::string &sentence, const std::string &what) {
    return fail(ErrorCode::format, sentence + what);
}

tl::unexpected<Error> ends_early(const std::string &sentence) {
    return wrong(sentence, " that ends before its last pixel");
}

// The stream that libpng reads: the chunks of pixels as the file has them, and an end. A data chunk that the
// file's end cuts becomes a shorter one. Checksums are not part of it, check() has seen to them.
class Feed {
public:
    explicit Feed(Octets file) : chunks_(file) { parts_[0] = file.first(signature.size()); }

    void read(std::uint8_t *to, std::size_t size) {
        while (size > 0) {
            if (part_ == 3) {
                advance();
            }
            Octets &part = parts_[part_];
            const std::size_t n = std::min(size, part.size());
            if (n > 0) {
                std::memcpy(to, part.data(), n);
            }
            to += n;
            size -= n;
            part = part.subspan(n);
            part_ += part.empty();
        }
    }
    bool exhausted() const { return exhausted_; }

private:
    void advance() {
        std::string_view type = "IEND";
        Octets data;
        while (!exhausted_) {
            const auto chunk = chunks_.next();
            if (!chunk || (data_seen_ && chunk->type != "IDAT")) {
                exhausted_ = true;
            } else if (chunk->type == "IDAT" || chunk->type == "IHDR" || chunk->type == "PLTE" ||
                       chunk->type == "tRNS") {
                data_seen_ = chunk->type == "IDAT";
                type = chunk->type;
                data = chunk->data;
                break;
            }
        }
        for (int i = 0; i < 4; i++) {
            head_[i] = static_cast<std::uint8_t>(data.size() >> (24 - 8 * i));
        }
        std::memcpy(head_ + 4, type.data(), 4);
        parts_[0] = head_;
        parts_[1] = data;
        parts_[2] = checksum_;
        part_ = 0;
    }

    PngChunks chunks_;
    std::uint8_t head_[8], checksum_[4] = {};
    Octets parts_[3];  // still to be read of the chunk: length and type, data, checksum
    int part_ = 0;
    bool data_seen_ = false, exhausted_ = false;
};

// libpng leaves its functions by longjmp: those here that call it hold nothing that has a destructor.
struct Reader {
    explicit Reader(Octets file) : feed(file) {
        png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, this, on_error, on_warning, this, allocate,
                                       release);
        info = png ? png_create_info_struct(png) : nullptr;
    }
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
    Reader(const Reader &) = delete;
    Reader &operator=(const Reader &) = delete;

    bool start();
    bool read_rows();
    void fill_with_first_color();

    png_structp png = nullptr;
    png_infop info = nullptr;
    Feed feed;
    int channels = 0, passes = 0;
    std::uint8_t *pixels = nullptr;
    png_uint_32 height = 0;
    std::size_t row_size = 0;
    bool no_memory = false;
    char message[128] = "";

private:
    [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
        Reader &reader = *static_cast<Reader *>(png_get_error_ptr(png));
        std::snprintf(reader.message, sizeof reader.message, "%s", text);
        png_longjmp(png, 1);
    }
    static void on_warning(png_structp, png_const_charp) {}
    static void on_read(png_structp png, png_bytep to, std::size_t size) {
        static_cast<Reader *>(png_get_io_ptr(png))->feed.read(to, size);
    }
    static png_voidp allocate(png_structp png, png_alloc_size_t size) {
        void *block = std::malloc(size);
        if (!block) {
            static_cast<Reader *>(png_get_mem_ptr(png))->no_memory = true;
        }
        return block;
    }
    static void release(png_structp, png_voidp block) { std::free(block); }
};

// Reads all that stands before the pixels, and settles that samples of 8 bits come out: grey, palettes as
// their colours, transparent colours as alpha. Of 16 bits that is the high byte. (Pillow 13 does so for all
// but grey without alpha, of which it makes all above 255 white: no picture to look at.)
bool Reader::start() {
    if (setjmp(png_jmpbuf(png))) {
        return false;
    }
    png_set_read_fn(png, this, on_read);
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    png_set_benign_errors(png, 1);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);  // there are limits of our own
    png_set_chunk_malloc_max(png, 1 << 20);
    png_set_chunk_cache_max(png, 1);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_strip_16(png);
    passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    channels = png_get_channels(png, info);
    height = png_get_image_height(png, info);
    row_size = png_get_rowbytes(png, info);
    return true;
}

bool Reader::read_rows() {
    if (setjmp(png_jmpbuf(png))) {
        return false;
    }
    for (int pass = 0; pass < passes; pass++) {
        for (png_uint_32 y = 0; y < height; y++) {
            png_read_row(png, pixels + y * row_size, nullptr);
        }
    }
    return true;
}

// As Pillow has the pixels of index 0 that a file with a palette ends without.
void Reader::fill_with_first_color() {
    png_colorp palette = nullptr;
    png_bytep alphas = nullptr;
    int colors = 0, transparent = 0;
    if (png_get_PLTE(png, info, &palette, &colors) == 0 || colors < 1) {
        return;
    }
    png_get_tRNS(png, info, &alphas, &transparent, nullptr);
    const std::uint8_t alpha = transparent > 0 ? alphas[0] : 255;
    const std::uint8_t color[] = {palette[0].red, palette[0].green, palette[0].blue, alpha};
    for (std::size_t at = 0; at < row_size * height; at += channels) {
        std::memcpy(pixels + at, color, channels);
    }
}

std::string png_version() {
    return std::string("libpng ") + png_get_libpng_ver(nullptr);
}

bool is_png(Octets bytes) {
    return begins_with(bytes, signature);
}

Result<PictureHeader> png_header(Octets bytes, const std::string &sentence) {
    const auto first = PngChunks(bytes).next();
    if (first && first->type == "CgBI") {
        return fail(ErrorCode::unsupported,
                    sentence + " in Apple's own variant (CgBI, of iOS apps), which is not decoded");
    }
    if (!first || (first->type == "IHDR" && !first->all_data)) {
        return bytes.size() < 33 ? ends_early(sentence) : wrong(sentence, " that does not begin with a header");
    }
    if (first->type != "IHDR" || first->data.size() != 13) {
        return wrong(sentence, " that does not begin with a header");
    }
    const std::uint32_t width = big_endian(&first->data[0]), height = big_endian(&first->data[4]);
    if (width == 0 || height == 0) {
        return wrong(sentence, " of no size");
    }
    return PictureHeader{width, height, png_orientation(bytes)};
}

// The checksums of all chunks up to the last pixel. Returns how many bytes of compressed pixels there are.
Result<std::size_t> check(Octets bytes, bool accept_damage, const std::string &sentence) {
    std::size_t compressed = 0;
    bool data_seen = false, end_seen = false;
    for (PngChunks chunks(bytes); const auto chunk = chunks.next();) {
        const bool is_data = chunk->type == "IDAT";
        end_seen = chunk->type == "IEND";
        if (data_seen && !is_data) {
            break;
        }
        data_seen = is_data;
        compressed += is_data ? chunk->data.size() : 0;
        if (!chunk->all_data && !accept_damage) {
            return ends_early(sentence);
        }
        const bool must_be_right = !accept_damage || (chunk->is_critical() && !is_data);
        if (must_be_right && !chunk->checksum.empty() && !chunk->checksum_right()) {
            return wrong(sentence, " that is corrupted: a checksum is wrong in the chunk " +
                                       std::string(chunk->type) + " at byte " + std::to_string(chunk->at));
        }
    }
    if (!data_seen) {
        return end_seen ? wrong(sentence, " without pixels") : ends_early(sentence);
    }
    return compressed;
}

// Of a file whose header libpng has accepted.
int bits_per_pixel(Octets bytes) {
    constexpr int channels[] = {1, 0, 3, 1, 2, 0, 4};  // by the type of colour
    return bytes[24] * channels[bytes[25] % 7];
}

Result<Samples> decode_png(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                           const std::string &sentence) {
    VIT_TRY_ASSIGN(const std::size_t compressed, check(bytes, options.accept_truncated, sentence));
    Reader reader(bytes);
    const auto failed = [&]() -> tl::unexpected<Error> {
        if (reader.no_memory || !reader.info) {
            return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
        }
        if (reader.feed.exhausted() || reader.message == std::string_view("Not enough image data")) {
            return ends_early(sentence);
        }
        return wrong(sentence, std::string(" that cannot be decoded: ") + reader.message);
    };
    if (!reader.info || !reader.start()) {
        return failed();
    }
    const std::int64_t pixels = header.width * header.height;
    // Samples and RGB, and libpng's two rows of up to 8 bytes a pixel.
    const std::int64_t memory = (reader.channels + 3) * pixels + 16 * header.width;
    if (memory > options.max_memory) {
        return fail(ErrorCode::unsupported, sentence + " that takes " + std::to_string(memory) +
                                                " bytes to decode, more than " +
                                                std::to_string(options.max_memory));
    }
    // Deflate makes at most 1032 bytes of one: what a small file cannot hold is not allocated.
    if (pixels * bits_per_pixel(bytes) / 8 > 1032 * static_cast<std::int64_t>(compressed) &&
        !options.accept_truncated) {
        return ends_early(sentence);
    }
    Samples samples{static_cast<int>(header.width), static_cast<int>(header.height), reader.channels, nullptr};
    if (reader.height != header.height ||
        reader.row_size != std::size_t(header.width) * std::size_t(reader.channels)) {
        return wrong(sentence, " whose header contradicts itself");
    }
    // Zero: rows that never come are as Pillow leaves them.
    samples.data.reset(static_cast<std::uint8_t *>(std::calloc(std::size_t(header.height), reader.row_size)));
    reader.pixels = samples.data.get();
    reader.no_memory = !reader.pixels;
    if (reader.pixels && options.accept_truncated && bytes[25] == PNG_COLOR_TYPE_PALETTE) {
        reader.fill_with_first_color();
    }
    if (!reader.pixels || (!reader.read_rows() && (reader.no_memory || !options.accept_truncated))) {
        return failed();
    }
    return samples;
}

}  // namespace

const PictureFormat png_format{"PNG", png_version, is_png, png_header, decode_png};

}  // namespace vit
