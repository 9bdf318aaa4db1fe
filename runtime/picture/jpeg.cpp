// JPEG by libjpeg-turbo, with the settings of Pillow, which are the library's own.
#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include <jpeglib.h>

#include <jerror.h>

#include "picture/exif.h"
#include "picture/jpeg_structure.h"
#include "picture/picture.h"

namespace vit {

namespace {

#define VIT_STRING_OF(token) #token
#define VIT_STRING(macro) VIT_STRING_OF(macro)

std::string jpeg_version() {
#ifdef LIBJPEG_TURBO_VERSION
    return "libjpeg-turbo " VIT_STRING(LIBJPEG_TURBO_VERSION);
#else
    return "libjpeg " VIT_STRING(JPEG_LIB_VERSION);
#endif
}

bool is_jpeg(Octets bytes) {
    return begins_with(bytes, "\xff\xd8\xff");
}

// libjpeg on bytes in memory, row by row. It reports errors by a function that must not return: that one
// jumps back into attempt(), over frames of C and of lambdas, which have nothing to destroy.
class Decompressor {
public:
    Decompressor(Octets bytes, const ImageOptions &options)
        : options_(options) {
        info_.err = jpeg_std_error(&errors_);
        info_.client_data = this;
        errors_.error_exit = [](j_common_ptr info) { self(info).give_up(); };
        errors_.emit_message = [](j_common_ptr info, int) {
            self(info).bits_missed_ |= info->err->msg_code == JWRN_HIT_MARKER;
        };
        errors_.output_message = [](j_common_ptr) {};
        source_.next_input_byte = bytes.data();
        source_.bytes_in_buffer = bytes.size();
        source_.init_source = [](j_decompress_ptr) {};
        source_.fill_input_buffer = [](j_decompress_ptr info) {
            self(info).end_image();
            return boolean{TRUE};
        };
        source_.skip_input_data = [](j_decompress_ptr info, long size) { self(info).skip(size); };
        source_.resync_to_restart = jpeg_resync_to_restart;
        source_.term_source = [](j_decompress_ptr) {};
        // Asked before every few rows, also of each of several scans.
        progress_.progress_monitor = [](j_common_ptr info) {
            self(info).count_scans();
            self(info).stop_if_cancelled();
        };
    }
    Decompressor(const Decompressor &) = delete;
    Decompressor &operator=(const Decompressor &) = delete;
    ~Decompressor() { jpeg_destroy_decompress(&info_); }

    // All that follow say false after an error of libjpeg, which error() names; then nothing else may be
    // called.

    // Reads up to the first scan, and prepares for rows of 1 / `denominator` of the size; of a picture with
    // several scans, decodes those.
    bool start(int denominator, std::int64_t scans) {
        most_scans_ = scans;
        return attempt([&] {
            jpeg_create_decompress(&info_);
            info_.src = &source_;
            info_.progress = &progress_;
            info_.mem->max_memory_to_use = static_cast<long>(options_.max_memory);
            jpeg_read_header(&info_, TRUE);
            info_.out_color_space = info_.num_components == 1   ? JCS_GRAYSCALE
                                    : info_.num_components == 3 ? JCS_RGB
                                                                : JCS_CMYK;
            info_.scale_num = 1;
            info_.scale_denom = static_cast<unsigned>(denominator);
            jpeg_start_decompress(&info_);
        });
    }

    int width() const { return static_cast<int>(info_.output_width); }
    int height() const { return static_cast<int>(info_.output_height); }
    int channels() const { return info_.output_components; }  // 1: grey, 3: RGB, 4: CMYK
    int next_row() const { return static_cast<int>(info_.output_scanline); }

    // The next rows, at least one and at most `count`; next_row() moves on by those.
    bool read_rows(std::uint8_t *to, int count) {
        JSAMPROW rows[max_rows];
        count = std::min(count, max_rows);
        for (int i = 0; i < count; i++) {
            rows[i] = to + std::size_t(i) * info_.output_width * std::size_t(info_.output_components);
        }
        return attempt([&] { jpeg_read_scanlines(&info_, rows, static_cast<JDIMENSION>(count)); });
    }

    const char *error() const { return message_; }
    int error_code() const { return errors_.msg_code; }
    bool cancelled() const { return cancelled_; }
    bool file_ended() const { return ended_; }  // without an end of image
    bool bits_missed() const { return bits_missed_; }
    // Of a progressive picture: every coefficient has come, to its last bit.
    bool coefficients_are_whole() const {
        for (int c = 0; info_.coef_bits && c < info_.num_components; c++) {
            for (const int bits_to_come : info_.coef_bits[c]) {
                if (bits_to_come != 0) return false;
            }
        }
        return true;
    }

private:
    static constexpr int max_rows = 8;

    template <typename Info>
    static Decompressor &self(Info *info) {
        return *static_cast<Decompressor *>(info->client_data);
    }

    template <typename Step>
    bool attempt(Step step) {
        if (setjmp(escape_)) {
            return false;
        }
        step();
        return true;
    }

    [[noreturn]] void give_up() {
        errors_.format_message(reinterpret_cast<j_common_ptr>(&info_), message_);
        std::longjmp(escape_, 1);
    }

    // Behind the file's last byte libjpeg reads this, as often as it likes.
    void end_image() {
        static const JOCTET end_of_image[] = {0xff, JPEG_EOI};
        source_.next_input_byte = end_of_image;
        source_.bytes_in_buffer = sizeof end_of_image;
        ended_ = true;
    }

    void skip(long size) {
        if (size <= 0) {
            return;
        }
        if (static_cast<unsigned long>(size) > source_.bytes_in_buffer) {
            end_image();
            return;
        }
        source_.next_input_byte += size;
        source_.bytes_in_buffer -= static_cast<std::size_t>(size);
    }

    // More scans than were found beforehand mean that libjpeg understands the file in another way; what it
    // costs is then unknown.
    void count_scans() {
        if (info_.input_scan_number > most_scans_) {
            errors_.msg_code = JERR_BAD_PROGRESSION;
            give_up();
        }
    }

    void stop_if_cancelled() {
        if (is_cancelled(options_)) {
            cancelled_ = true;
            std::longjmp(escape_, 1);
        }
    }

    const ImageOptions &options_;
    jpeg_decompress_struct info_{};
    jpeg_error_mgr errors_{};
    jpeg_source_mgr source_{};
    jpeg_progress_mgr progress_{};
    std::jmp_buf escape_;
    char message_[JMSG_LENGTH_MAX] = "";
    std::int64_t most_scans_ = 0;
    bool ended_ = false, bits_missed_ = false, cancelled_ = false;
};

// Inks as Adobe writes them, inverted, so that 255 is none, by the arithmetic of Pillow. It has this for
// every picture of four channels, whether the file says that Adobe wrote it or not.
void rgb_of_cmyk(const std::uint8_t *cmyk, int width, std::uint8_t *rgb) {
    for (int x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        for (int c = 0; c < 3; c++) {
            const int product = (255 - cmyk[c]) * cmyk[3] + 128;
            rgb[c] = static_cast<std::uint8_t>(cmyk[3] - (((product >> 8) + product) >> 8));
        }
    }
}

// 1, 2, 4 or 8: the most by which both sides can be divided and stay as large as was asked for.
int draft_denominator(const PictureHeader &header, const ImageOptions &options) {
    if (options.draft_width < 1 || options.draft_height < 1) {
        return 1;
    }
    const std::int64_t scale =
        std::min(header.width / options.draft_width, header.height / options.draft_height);
    return scale >= 8 ? 8 : scale >= 4 ? 4 : scale >= 2 ? 2 : 1;
}

// Refuses what would take memory or time that the file has no data for.
Result<void> check_work(const JpegStructure &jpeg, std::size_t file_size, const ImageOptions &options,
                        const std::string &sentence) {
    const std::int64_t blocks = jpeg.blocks(), size = static_cast<std::int64_t>(file_size);
    // A block takes a bit at least. Of a file that may end early there has to be some part.
    const std::int64_t most_blocks = 8 * size * (options.accept_truncated ? 64 : 1);
    if (blocks > most_blocks && !jpeg.arithmetic) {
        return fail(ErrorCode::format, sentence + " that ends before its last pixel");
    }
    // But in arithmetic code it may take next to nothing, though not in a picture worth its name.
    constexpr std::int64_t blank_blocks = std::int64_t{1} << 20, blocks_of_byte = 1024;
    if (jpeg.arithmetic && blocks > blank_blocks + blocks_of_byte * size) {
        return fail(ErrorCode::unsupported, sentence + " of " + std::to_string(jpeg.width) + " x " +
                                                std::to_string(jpeg.height) + " pixels in only " +
                                                std::to_string(size) + " bytes");
    }
    // The ten scans of a usual progressive picture make up 40 to 70 units a block, or 200 in arithmetic
    // code, those of one that is sent coefficient by coefficient 320; decoding the data and the blocks of a
    // detailed one takes about 500.
    constexpr std::int64_t max_scans = 1000, work_for_all = std::int64_t{1} << 22, work_of_block = 256,
                           work_of_byte = 16;
    const std::int64_t most_work = work_for_all + work_of_block * blocks + work_of_byte * size;
    if (!jpeg.whole_in_first && (jpeg.scans > max_scans || jpeg.work > most_work)) {
        return fail(ErrorCode::unsupported, sentence + " of " + std::to_string(jpeg.scans) + " scans, which "
                                                "is more work than its size and data are worth");
    }
    return {};
}

Result<void> check_memory(const JpegStructure &jpeg, std::int64_t bytes_of_sink, const ImageOptions &options,
                          const std::string &sentence) {
    constexpr std::int64_t bytes_of_block = 64 * sizeof(JCOEF), rows_and_tables = 256;
    const std::int64_t memory = bytes_of_sink + (jpeg.whole_in_first ? 0 : jpeg.blocks() * bytes_of_block) +
                                std::int64_t{jpeg.width} * rows_and_tables;
    if (memory > options.max_memory) {
        return fail(ErrorCode::unsupported, sentence + " that takes " + std::to_string(memory) +
                                                " bytes of memory, more than " +
                                                std::to_string(options.max_memory));
    }
    return {};
}

tl::unexpected<Error> no_memory(const std::string &sentence) {
    return fail(ErrorCode::memory, sentence + " that is too large for the memory there is");
}

tl::unexpected<Error> failure(const Decompressor &from, const std::string &sentence) {
    if (from.cancelled()) {
        return was_cancelled(sentence);
    }
    if (from.error_code() == JERR_OUT_OF_MEMORY) {
        return no_memory(sentence);
    }
    if (from.error_code() == JERR_ARITH_NOTIMPL) {
        return fail(ErrorCode::unsupported, sentence + " in arithmetic code, which " + jpeg_version() +
                                                " was built without");
    }
    if (from.file_ended()) {
        return fail(ErrorCode::format, sentence + " that ends before its last pixel");
    }
    return fail(ErrorCode::format, sentence + " that is corrupted: " + from.error());
}

// A file without an end of image has all pixels if no bits were missed: but a scan that is not there at all
// misses none, and an arithmetic decoder never knows.
bool is_whole(const Decompressor &decoded, const JpegStructure &jpeg) {
    return !decoded.file_ended() || (!decoded.bits_missed() && jpeg.every_component && !jpeg.arithmetic &&
                                     decoded.coefficients_are_whole());
}

Result<PictureHeader> jpeg_header(Octets bytes, const std::string &sentence) {
    VIT_TRY_ASSIGN(const JpegStructure jpeg, jpeg_frame(bytes, sentence));
    return PictureHeader{jpeg.width, jpeg.height, orientation_of(jpeg.exif, jpeg.xmp)};
}

Result<void> decode_jpeg(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                         const std::string &sentence, RowSink &sink) {
    VIT_TRY_ASSIGN(JpegStructure jpeg, jpeg_frame(bytes, sentence));
    scan_jpeg(bytes, jpeg);
    VIT_TRY(check_work(jpeg, bytes.size(), options, sentence));
    const int denominator = draft_denominator(header, options);
    const int width = (jpeg.width - 1) / denominator + 1, height = (jpeg.height - 1) / denominator + 1;
    const bool cmyk = jpeg.components.size() == 4;
    const int channels = jpeg.components.size() == 1 ? 1 : 3;
    VIT_TRY_ASSIGN(const std::int64_t bytes_of_sink, sink.begin(width, height, channels, false));
    VIT_TRY(check_memory(jpeg, bytes_of_sink, options, sentence));

    Decompressor decompressor(bytes.first(jpeg.end), options);
    if (!decompressor.start(denominator, jpeg.scans)) {
        return failure(decompressor, sentence);
    }
    if (decompressor.width() != width || decompressor.height() != height ||
        decompressor.channels() != (cmyk ? 4 : channels)) {
        return fail(ErrorCode::format, sentence + " that is corrupted: it has two sizes");
    }
    std::vector<std::uint8_t> inks(cmyk ? std::size_t{4} * width : 0);
    const std::size_t row_size = std::size_t(channels) * width;
    bool ended = false;  // there are no more rows, and what there is is accepted
    for (int y = 0; y < height;) {
        const RowSink::Room room = sink.room();
        if (!room.data) {
            return no_memory(sentence);
        }
        int count = std::min(room.count, height - y);
        if (!ended && !decompressor.read_rows(cmyk ? inks.data() : room.data, cmyk ? 1 : count)) {
            if (!options.accept_truncated || y == 0 || decompressor.cancelled()) {
                return failure(decompressor, sentence);
            }
            ended = true;
        }
        if (ended) {
            // As Pillow leaves them: zeros, which are black, or no ink.
            std::memset(room.data, cmyk ? 255 : 0, row_size * std::size_t(count));
        } else {
            count = decompressor.next_row() - y;
            if (cmyk) rgb_of_cmyk(inks.data(), width, room.data);
        }
        VIT_TRY(sink.take(count));
        y += count;
    }
    if (!ended && !is_whole(decompressor, jpeg) && !options.accept_truncated) {
        return fail(ErrorCode::format, sentence + " that ends before its last pixel");
    }
    return {};
}

}  // namespace

const PictureFormat jpeg_format{"JPEG", jpeg_version, is_jpeg, jpeg_header, nullptr, decode_jpeg};

}  // namespace vit
