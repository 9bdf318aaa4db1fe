// PNG by libpng. It is handed the chunks that make pixels and no others: of text, profiles and animations it
// never sees a byte, whatever they would inflate to.
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "picture/picture.h"
#include "picture/png_chunks.h"
#include "picture/png_feed.h"

namespace vit {

namespace {

tl::unexpected<Error> wrong(const std::string &sentence, const std::string &what) {
    return fail(ErrorCode::format, sentence + what);
}

tl::unexpected<Error> ends_early(const std::string &sentence) {
    return wrong(sentence, " that ends before its last pixel");
}

// libpng leaves its functions by longjmp: those here that call it hold nothing that has a destructor.
struct Reader {
    Reader(Octets file, const ImageOptions &its_options)
        : feed(file), options(its_options) {
        png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, this, on_error, on_warning, this, allocate,
                                       release);
        info = png ? png_create_info_struct(png) : nullptr;
    }
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
    Reader(const Reader &) = delete;
    Reader &operator=(const Reader &) = delete;

    bool start();
    bool is_interlaced() const { return passes > 1; }
    bool read_rows(std::uint8_t *to, png_uint_32 count);
    void fill(std::uint8_t *to, std::size_t rows, bool with_first_color) const;

    png_structp png = nullptr;
    png_infop info = nullptr;
    PngFeed feed;
    const ImageOptions &options;
    int channels = 0, passes = 0;
    png_uint_32 height = 0;
    std::size_t row_size = 0;
    std::int64_t rows_left = 1;  // of all passes, until the last pixel; known from start() on
    bool no_memory = false, cancelled = false;
    char message[128] = "";

private:
    [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
        Reader &reader = *static_cast<Reader *>(png_get_error_ptr(png));
        std::snprintf(reader.message, sizeof reader.message, "%s", text);
        png_longjmp(png, 1);
    }
    static void on_warning(png_structp, png_const_charp) {}
    // With the last row libpng inflates whatever is left of the data, which may be a thousand times the
    // picture: it gets no more of them.
    static void on_read(png_structp png, png_bytep to, std::size_t size) {
        Reader &reader = *static_cast<Reader *>(png_get_io_ptr(png));
        if (reader.rows_left == 0) {
            png_longjmp(png, 1);
        }
        reader.feed.read(to, size);
    }
    // Before a row goes to its place, for which nothing is read.
    static void on_row(png_structp png, png_row_infop, png_bytep) {
        Reader &reader = *static_cast<Reader *>(png_get_user_transform_ptr(png));
        if (is_cancelled(reader.options)) {
            reader.cancelled = true;
            png_longjmp(png, 1);
        }
        reader.rows_left--;
    }
    void count_rows();
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
    png_set_read_user_transform_fn(png, on_row);
    png_set_user_transform_info(png, this, 0, 0);
    passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    channels = png_get_channels(png, info);
    height = png_get_image_height(png, info);
    row_size = png_get_rowbytes(png, info);
    count_rows();
    return true;
}

// Passes of Adam7 without a pixel have no rows.
void Reader::count_rows() {
    const png_uint_32 width = png_get_image_width(png, info);
    rows_left = passes == 1 ? height : 0;
    for (int pass = 0; pass < passes && passes > 1; pass++) {
        rows_left += PNG_PASS_COLS(width, pass) > 0 ? PNG_PASS_ROWS(height, pass) : 0;
    }
}

// The next rows, or all of an interlaced picture. After an error rows_left says how many came.
bool Reader::read_rows(std::uint8_t *to, png_uint_32 count) {
    if (setjmp(png_jmpbuf(png))) {
        return rows_left == 0;
    }
    for (int pass = 0; pass < passes; pass++) {
        for (png_uint_32 y = 0; y < count; y++) {
            png_read_row(png, to + y * row_size, nullptr);
        }
    }
    return true;
}

// As Pillow has rows that never come: zeros, or pixels of index 0.
void Reader::fill(std::uint8_t *to, std::size_t rows, bool with_first_color) const {
    std::memset(to, 0, row_size * rows);
    png_colorp palette = nullptr;
    png_bytep alphas = nullptr;
    int colors = 0, transparent = 0;
    if (!with_first_color || png_get_PLTE(png, info, &palette, &colors) == 0 || colors < 1) {
        return;
    }
    png_get_tRNS(png, info, &alphas, &transparent, nullptr);
    const std::uint8_t alpha = transparent > 0 ? alphas[0] : 255;
    const std::uint8_t color[] = {palette[0].red, palette[0].green, palette[0].blue, alpha};
    for (std::size_t at = 0; at < row_size * rows; at += std::size_t(channels)) {
        std::memcpy(to + at, color, std::size_t(channels));
    }
}

std::string png_version() {
    return std::string("libpng ") + png_get_libpng_ver(nullptr);
}

bool is_png(Octets bytes) {
    return begins_with(bytes, png_signature);
}

Result<PictureHeader> png_header(Octets bytes, const std::string &sentence) {
    const auto first = PngChunks(bytes).next();
    if (first && first->type == "CgBI") {
        return fail(ErrorCode::unsupported,
                    sentence + " in Apple's own variant (CgBI, of iOS apps), which is not decoded");
    }
    if (!first || (first->type == "IHDR" && !first->all_data)) {
        constexpr std::size_t header_end = 33;
        return bytes.size() < header_end ? ends_early(sentence)
                                         : wrong(sentence, " that does not begin with a header");
    }
    if (first->type != "IHDR" || first->data.size() != 13) {
        return wrong(sentence, " that does not begin with a header");
    }
    const std::uint32_t width = png_number(&first->data[0]), height = png_number(&first->data[4]);
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

tl::unexpected<Error> failed(const Reader &reader, const std::string &sentence) {
    if (reader.cancelled) {
        return was_cancelled(sentence);
    }
    if (reader.no_memory || !reader.info) {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
    }
    if (reader.feed.exhausted() || reader.message == std::string_view("Not enough image data")) {
        return ends_early(sentence);
    }
    return wrong(sentence, std::string(" that cannot be decoded: ") + reader.message);
}

// Before anything is allocated: may there be so many pixels in a file of so many compressed bytes?
Result<void> check_size(std::int64_t bytes_of_sink, int bits_per_pixel, std::size_t compressed,
                        const PictureHeader &header, const ImageOptions &options,
                        const std::string &sentence) {
    const std::int64_t pixels = header.width * header.height;
    // Beside the sink's, libpng's two rows of up to 8 bytes a pixel.
    const std::int64_t memory = bytes_of_sink + 16 * header.width;
    if (memory > options.max_memory) {
        return fail(ErrorCode::unsupported, sentence + " that takes " + std::to_string(memory) +
                                                " bytes to decode, more than " +
                                                std::to_string(options.max_memory));
    }
    // Deflate makes at most 1032 bytes of one: memory for a large picture is for files that can hold it, or
    // a sixteenth of it where a part will do.
    constexpr std::int64_t small = 1 << 22;
    const std::int64_t share = options.accept_truncated ? 16 : 1;
    if (pixels > small && pixels * bits_per_pixel / 8 / share > 1032 * std::int64_t(compressed)) {
        return ends_early(sentence);
    }
    return {};
}

Result<void> decode_png(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                        const std::string &sentence, RowSink &sink) {
    VIT_TRY_ASSIGN(const std::size_t compressed, check(bytes, options.accept_truncated, sentence));
    Reader reader(bytes, options);
    if (!reader.info || !reader.start()) {
        return failed(reader, sentence);
    }
    const int width = int(header.width), height = int(header.height);
    if (reader.height != header.height ||
        reader.row_size != std::size_t(width) * std::size_t(reader.channels)) {
        return wrong(sentence, " whose header contradicts itself");
    }
    VIT_TRY_ASSIGN(const std::int64_t bytes_of_sink,
                   sink.begin(width, height, reader.channels, reader.is_interlaced()));
    VIT_TRY(check_size(bytes_of_sink, bits_per_pixel(bytes), compressed, header, options, sentence));
    const bool of_palette = bytes[25] == PNG_COLOR_TYPE_PALETTE;
    bool ended = false;  // there are no more rows, and what there is is accepted
    for (int y = 0; y < height;) {
        const RowSink::Room room = sink.room();
        reader.no_memory = !room.data;
        if (reader.no_memory) {
            return failed(reader, sentence);
        }
        const int count = std::min(room.count, height - y);
        if (reader.is_interlaced() && options.accept_truncated) {
            reader.fill(room.data, std::size_t(count), of_palette);
        }
        if (!ended && !reader.read_rows(room.data, png_uint_32(count))) {
            if (reader.no_memory || reader.cancelled || !options.accept_truncated) {
                return failed(reader, sentence);
            }
            ended = true;
        }
        if (ended && !reader.is_interlaced()) {
            const int came = std::clamp(int(height - reader.rows_left) - y, 0, count);
            reader.fill(room.data + reader.row_size * std::size_t(came), std::size_t(count - came),
                        of_palette);
        }
        VIT_TRY(sink.take(count));
        y += count;
    }
    return {};
}

}  // namespace

const PictureFormat png_format{"PNG", png_version, is_png, png_header, nullptr, decode_png};

}  // namespace vit
