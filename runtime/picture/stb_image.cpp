#include "picture/stb_image.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "picture/small_formats.h"

namespace {

// A compressed file can expand a thousandfold, and stb_image would follow: no block may be larger than a
// picture of the header's size has use for. Set for the time of one call on the thread that makes it.
thread_local std::size_t block_limit = 0;
thread_local bool memory_ran_out = false;

// New memory is zero: stb_image 2.27 reads structures of its own that it has not filled.
void *bounded_malloc(std::size_t size) {
    void *block = size <= block_limit ? std::calloc(size, 1) : nullptr;
    memory_ran_out = memory_ran_out || (!block && size <= block_limit);
    return block;
}

void *bounded_realloc(void *block, std::size_t size) {
    void *moved = size <= block_limit ? std::realloc(block, size) : nullptr;
    memory_ran_out = memory_ran_out || (!moved && size <= block_limit);
    return moved;
}

// Rows of half the width to the whole width, each sample by three quarters from the nearest and by one from
// the next. stb_image 2.27 has the two the wrong way round near the end of a row.
unsigned char *stbi__resample_row_h_2(unsigned char *out, unsigned char *in, unsigned char *, int width,
                                      int) {
    out[0] = in[0];
    for (int i = 0; i + 1 < width; i++) {
        out[2 * i + 1] = static_cast<unsigned char>((3 * in[i] + in[i + 1] + 2) / 4);
        out[2 * i + 2] = static_cast<unsigned char>((3 * in[i + 1] + in[i] + 2) / 4);
    }
    out[2 * width - 1] = in[width - 1];
    return out;
}

// Of the JPEG picture that is decoded on this thread.
struct JpegCodes {
    const std::vector<vit::JpegScan> *scans;
    std::size_t scan = 0;  // which of them
    bool missing = false;  // they end before the picture does
    bool first = true;
};
thread_local JpegCodes jpeg_codes;

// How many bits of the scan are not decoded yet; below 0, zeros behind it have been.
template<typename Jpeg>
std::int64_t bits_left(const Jpeg *jpeg) {
    if (jpeg_codes.scan >= jpeg_codes.scans->size()) {
        return 0;
    }
    const std::int64_t read = jpeg->s->img_buffer - jpeg->s->img_buffer_original;
    const auto end = static_cast<std::int64_t>((*jpeg_codes.scans)[jpeg_codes.scan].end);
    return 8 * (end - read) + jpeg->code_bits;
}

// What stb_image calls for each block of a sequential picture: beyond the end of the codes, all are grey.
template<typename Jpeg, typename... Rest>
int decode_block(Jpeg *jpeg, short *block, Rest... rest) {
    if (bits_left(jpeg) > 0) {
        return stbi__jpeg_decode_block_within(jpeg, block, rest...);
    }
    jpeg_codes.missing = true;
    std::memset(block, 0, 64 * sizeof *block);
    return 1;
}

// How many restart markers have to stand in a scan.
template<typename Jpeg>
std::int64_t restarts_in_scan(const Jpeg *jpeg) {
    if (jpeg->restart_interval < 1) {
        return 0;
    }
    const auto &only = jpeg->img_comp[jpeg->order[0]];
    const std::int64_t units = jpeg->scan_n == 1
                                   ? std::int64_t{(only.x + 7) / 8} * ((only.y + 7) / 8)
                                   : std::int64_t{jpeg->img_mcu_x} * jpeg->img_mcu_y;
    return (units - 1) / jpeg->restart_interval;
}

// What stb_image calls for each scan.
template<typename Jpeg>
int decode_scan(Jpeg *jpeg) {
    if (jpeg_codes.first && !jpeg->progressive) {  // grey is what nothing is decoded for
        for (int i = 0; i < jpeg->s->img_n; i++) {
            auto &component = jpeg->img_comp[i];
            std::memset(component.data, 128, std::size_t(component.w2) * component.h2);
        }
    }
    jpeg_codes.first = false;
    const int result = stbi__parse_entropy_coded_data_within(jpeg);
    if (jpeg_codes.scan < jpeg_codes.scans->size()) {
        const vit::JpegScan &scan = (*jpeg_codes.scans)[jpeg_codes.scan];
        jpeg_codes.missing =
            jpeg_codes.missing || bits_left(jpeg) < 0 || scan.restarts < restarts_in_scan(jpeg);
        // Whatever it read ahead, it goes on behind the scan.
        jpeg->s->img_buffer = jpeg->s->img_buffer_original + scan.end + vit::jpeg_padding;
        jpeg->marker = 0xff;  // none
        jpeg_codes.scan++;
    }
    return result;
}

}  // namespace

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_ASSERT(condition) static_cast<void>(0)  // a library does not abort
#define STBI_MALLOC(size) bounded_malloc(size)
#define STBI_REALLOC(block, size) bounded_realloc(block, size)
#define STBI_FREE(block) std::free(block)

// Functions of stb_image's own get another name where they are defined, and ours is called instead. Of two,
// calls are told from the definition by the name of the first argument.
#define stbi__resample_row_h_2(out, near, far, width, factor) \
    stbi__resample_row_h_2_replaced(out, near, far, width, factor)
#define stbi__parse_entropy_coded_data(jpeg) VIT_SCAN_OF_##jpeg)
#define VIT_SCAN_OF_stbi__jpeg stbi__parse_entropy_coded_data_within(stbi__jpeg
#define VIT_SCAN_OF_j decode_scan(j
#define stbi__jpeg_decode_block(jpeg, ...) VIT_BLOCK_OF_##jpeg, __VA_ARGS__)
#define VIT_BLOCK_OF_stbi__jpeg stbi__jpeg_decode_block_within(stbi__jpeg
#define VIT_BLOCK_OF_z decode_block(z

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

// Twice the samples of 16 bits and 4 channels (buffers grow by doubling), in whole blocks of JPEG's largest
// unit, or twice the file.
std::size_t largest_block(const PictureHeader &header, std::size_t file_size) {
    const std::size_t w = header.width + 64, h = header.height + 64;
    return std::max(16 * w * h, 2 * file_size) + (std::size_t{1} << 20);
}

void begin(std::size_t limit) {
    block_limit = limit;
    memory_ran_out = false;
    stbi__g_failure_reason = nullptr;
}

// Refuses what takes more memory than there may be (coefficients of 2 bytes, planes and the picture, all at
// once), and a large picture of which the file can hold no more than a small part.
Result<void> check_size(const PictureHeader &header, std::uint64_t holdable, const ImageOptions &options,
                        const std::string &sentence) {
    constexpr std::uint64_t small = 1 << 22, share = 16;
    const auto pixels = static_cast<std::uint64_t>(header.width * header.height);
    if (pixels > small && pixels / (options.accept_truncated ? share : 1) > holdable) {
        return ends_early(sentence);
    }
    const std::int64_t memory = 16 * (header.width + 64) * (header.height + 64);
    if (memory > options.max_memory) {
        return fail(ErrorCode::unsupported, sentence + " that takes " + std::to_string(memory) +
                                                " bytes to decode, more than " +
                                                std::to_string(options.max_memory));
    }
    return {};
}

Result<Samples> checked(Samples picture, const PictureHeader &header, const std::string &sentence) {
    if (memory_ran_out) {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
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

}  // namespace

std::string stb_version() {
    return "stb_image 2.27";
}

Result<PictureHeader> stb_png_header(Octets bytes, const std::string &sentence) {
    begin(std::size_t{1} << 20);
    Source source(bytes);
    int width = 0, height = 0, channels = 0;
    if (!stbi__png_info(&source.context, &width, &height, &channels)) {
        return source.passed_end ? ends_early(sentence) : broken(sentence);
    }
    if (width < 1 || height < 1) {
        return fail(ErrorCode::format, sentence + " of no size");
    }
    return PictureHeader{width, height};
}

Result<Samples> stb_decode_png(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                               const std::string &sentence) {
    constexpr std::uint64_t most_of_a_byte = 8 * 1032;  // bits that deflate makes of one byte
    VIT_TRY(check_size(header, most_of_a_byte * bytes.size(), options, sentence));
    begin(largest_block(header, bytes.size()));
    Source source(bytes);
    stbi__result_info info{};
    info.bits_per_channel = 8;
    Samples picture;
    void *samples = stbi__png_load(&source.context, &picture.width, &picture.height, &picture.channels, 0,
                                   &info);
    if (samples && info.bits_per_channel == 16) {
        samples = stbi__convert_16_to_8(static_cast<stbi__uint16 *>(samples), picture.width, picture.height,
                                        picture.channels);
    }
    picture.data.reset(static_cast<std::uint8_t *>(samples));
    if (source.passed_end && !memory_ran_out) {
        return ends_early(sentence);
    }
    return checked(std::move(picture), header, sentence);
}

Result<Samples> stb_decode_jpeg(const JpegStream &stream, const PictureHeader &header,
                                const ImageOptions &options, const std::string &sentence) {
    constexpr std::uint64_t most_of_a_byte = 8 * 64;  // a bit for a block
    VIT_TRY(check_size(header, most_of_a_byte * stream.bytes.size(), options, sentence));
    begin(largest_block(header, stream.bytes.size()));
    jpeg_codes = {&stream.scans};
    stbi__context context{};
    stbi__start_mem(&context, stream.bytes.data(), static_cast<int>(stream.bytes.size()));
    stbi__result_info info{};
    Samples picture;
    picture.data.reset(static_cast<std::uint8_t *>(
        stbi__jpeg_load(&context, &picture.width, &picture.height, &picture.channels, 0, &info)));
    if (picture.data && jpeg_codes.missing && !options.accept_truncated) {
        return ends_early(sentence);
    }
    return checked(std::move(picture), header, sentence);
}

}  // namespace vit
