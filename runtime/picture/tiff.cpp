// TIFF, by libtiff. What is not compressed is read where it is, by the offsets that libtiff finds: files
// whose counts of bytes are wrong can be read so, as by Pillow.
//
// Where Pillow's modes have no sensible RGB, this follows the standard or says a sentence. Grey of 16 bits
// is scaled here, the high byte taken as in RGB of 16 bits; Pillow's "I;16" is cut at 255, all white, and
// ignores that white is zero. Samples of 32 bits, with a sign or floating are a sentence: Pillow cuts them
// at 255, too, and nothing says what is white.
#include <algorithm>
#include <cstring>
#include <memory>

#include "picture/tiff_file.h"
#include "picture/tiff_pixels.h"

namespace vit {

namespace {

bool is_tiff(Octets bytes) {
    using namespace std::literals;
    return begins_with(bytes, "II*\0"sv) || begins_with(bytes, "MM\0*"sv) ||  // BigTIFF has a + :
           begins_with(bytes, "II+\0"sv) || begins_with(bytes, "MM\0+"sv);
}

// "libtiff 4.5.0", out of "LIBTIFF, Version 4.5.0\nCopyright ...".
std::string tiff_version() {
    const std::string text = TIFFGetVersion();
    const std::size_t from = text.find_first_of("0123456789");
    return from == std::string::npos ? "libtiff" : "libtiff " + text.substr(from, text.find('\n') - from);
}

tl::unexpected<Error> ends_early(const std::string &sentence) {
    return fail(ErrorCode::format, sentence + " that ends before its last pixel");
}

tl::unexpected<Error> cannot(const TiffFile &file, const std::string &sentence) {
    const std::string why = file.error();
    return fail(ErrorCode::format, sentence + " that cannot be decoded" + (why.empty() ? "" : ": " + why));
}

tl::unexpected<Error> unsupported(const std::string &what) {
    return fail(ErrorCode::unsupported, what);
}

// A file that was cut has lost its directory, which most writers put last.
bool directory_is_cut(Octets bytes) {
    if (bytes.size() < 8) {
        return true;
    }
    const bool big_endian = bytes[0] == 'M', big = bytes[2] == '+' || bytes[3] == '+';
    const std::size_t first = big ? 8 : 4, size = big ? 8 : 4;
    if (bytes.size() < first + size) {
        return true;
    }
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < size; i++) {
        offset |= std::uint64_t{bytes[first + i]} << 8 * (big_endian ? size - 1 - i : i);
    }
    return offset >= bytes.size();
}

Result<std::unique_ptr<TiffFile>> open_tiff(Octets bytes, std::int64_t max_block,
                                            const std::string &sentence) {
    auto file = TiffFile::open(bytes, max_block, sentence);
    if (!file && directory_is_cut(bytes)) {
        return ends_early(sentence);
    }
    return file;
}

Result<PictureHeader> tiff_header(Octets bytes, const std::string &sentence) {
    VIT_TRY_ASSIGN(const auto file, open_tiff(bytes, std::int64_t(bytes.size()) + (1 << 20), sentence));
    std::uint32_t width = 0, height = 0;
    if (!TIFFGetField(file->handle(), TIFFTAG_IMAGEWIDTH, &width) ||
        !TIFFGetField(file->handle(), TIFFTAG_IMAGELENGTH, &height) || width < 1 || height < 1) {
        return fail(ErrorCode::format, sentence + " of no size");
    }
    const int orientation = file->number(TIFFTAG_ORIENTATION, 1);
    return PictureHeader{width, height, orientation >= 1 && orientation <= 8 ? orientation : 1};
}

Result<TiffColor> color_of(int photometric, const std::string &sentence) {
    switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
        return TiffColor::grey;
    case PHOTOMETRIC_RGB:
        return TiffColor::rgb;
    case PHOTOMETRIC_PALETTE:
        return TiffColor::palette;
    case PHOTOMETRIC_SEPARATED:
        return TiffColor::cmyk;
    case PHOTOMETRIC_YCBCR:
        return TiffColor::ycbcr;
    }
    return unsupported(sentence + " whose kind of colour, " + std::to_string(photometric) +
                       ", is not supported");
}

Result<TiffAlpha> alpha_of(const TiffFile &file, const TiffLayout &layout, const std::string &sentence) {
    const int extra = layout.samples - layout.color_samples();
    if (extra == 0) {
        return TiffAlpha::none;
    }
    std::uint16_t count = 0;
    std::uint16_t *kinds = nullptr;
    if (!TIFFGetField(file.handle(), TIFFTAG_EXTRASAMPLES, &count, &kinds) || count < 1 || !kinds) {
        // A fourth sample that nothing is said of is alpha.
        if (layout.color == TiffColor::rgb && extra == 1) return TiffAlpha::plain;
        return unsupported(sentence + " with samples whose meaning is not said");
    }
    switch (kinds[0]) {
    case EXTRASAMPLE_ASSOCALPHA:
        if (layout.color == TiffColor::grey || layout.color == TiffColor::rgb) {
            return TiffAlpha::premultiplied;
        }
        break;
    case EXTRASAMPLE_UNASSALPHA:
        if (layout.color != TiffColor::cmyk && layout.color != TiffColor::ycbcr) return TiffAlpha::plain;
        break;
    case EXTRASAMPLE_UNSPECIFIED:
        return TiffAlpha::none;
    }
    return unsupported(sentence + " with alpha of a kind that is not supported");
}

Result<TiffLayout> layout_of(const TiffFile &file, const std::string &sentence) {
    TiffLayout layout;
    const int photometric = file.number(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    const int format = file.number(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    layout.bits = file.number(TIFFTAG_BITSPERSAMPLE, 1);
    layout.samples = file.number(TIFFTAG_SAMPLESPERPIXEL, 1);
    layout.white_is_zero = photometric == PHOTOMETRIC_MINISWHITE;
    VIT_TRY_ASSIGN(layout.color, color_of(photometric, sentence));
    const bool of_any_bits = layout.color == TiffColor::grey || layout.color == TiffColor::palette;
    const bool few = layout.bits == 1 || layout.bits == 2 || layout.bits == 4;
    const bool sixteen = layout.bits == 16 && layout.color != TiffColor::palette &&
                         layout.color != TiffColor::ycbcr;
    if (format != SAMPLEFORMAT_UINT || !(layout.bits == 8 || sixteen || (few && of_any_bits))) {
        return unsupported(sentence + " with " +
                           (format == SAMPLEFORMAT_INT      ? "signed "
                            : format == SAMPLEFORMAT_IEEEFP ? "floating "
                                                            : "") +
                           "samples of " + std::to_string(layout.bits) + " bits, which are not supported");
    }
    if (layout.samples < layout.color_samples() || layout.samples > layout.color_samples() + 4) {
        return unsupported(sentence + " with " + std::to_string(layout.samples) +
                           " samples of a pixel, which is not supported");
    }
    VIT_TRY_ASSIGN(layout.alpha, alpha_of(file, layout, sentence));
    std::uint16_t *of[3] = {};
    if (layout.color == TiffColor::palette) {
        if (!TIFFGetField(file.handle(), TIFFTAG_COLORMAP, &of[0], &of[1], &of[2])) {
            return fail(ErrorCode::format, sentence + " without its palette");
        }
        for (std::size_t i = 0; i < std::size_t{1} << layout.bits; i++) {
            for (std::size_t c = 0; c < 3; c++) {
                layout.colors[3 * i + c] = static_cast<std::uint8_t>(of[c][i] >> 8);
            }
        }
    }
    return layout;
}

// How many bytes one byte of a file can become at most, roughly: what is said to become more is refused
// before memory is taken. 0: not supported.
std::int64_t expansion(int compression) {
    switch (compression) {
    case COMPRESSION_NONE:
        return 1000;  // of what is cut, with accept_truncated; or strips that are the same bytes
    case COMPRESSION_PACKBITS:
        return 65;  // 2 bytes for 128
    case COMPRESSION_LZW:
        return 3000;  // 12 bits for 4096
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
        return 1100;
    case COMPRESSION_JPEG:
        return 3000;  // progressive, of blocks without detail
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTRLEW:
    case COMPRESSION_CCITTFAX3:
    case COMPRESSION_CCITTFAX4:
        return 8 * 4096;  // a bit for a row as wide as the one above it
    }
    return 0;
}

class Decoder {
public:
    Decoder(const TiffFile &file, const PictureHeader &header, const ImageOptions &options,
            const std::string &sentence)
        : file_(file), tiff_(file.handle()), sentence_(sentence), width_(header.width),
          height_(header.height), max_memory_(options.max_memory),
          accept_truncated_(options.accept_truncated), options_(options) {}

    Result<Samples> decode() {
        VIT_TRY(find_compression());
        VIT_TRY_ASSIGN(layout_, layout_of(file_, sentence_));
        if (layout_.color == TiffColor::ycbcr && compression_ == COMPRESSION_JPEG && !separate_) {
            // libjpeg converts, as it does for JPEG files and for Pillow.
            TIFFSetField(tiff_, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
            layout_.color = TiffColor::rgb;
        }
        VIT_TRY(find_chunks());
        if (layout_.color == TiffColor::ycbcr && !plain_ycbcr()) {
            return decode_ycbcr();
        }
        const int kept = layout_.kept();
        VIT_TRY(check_memory(8));
        VIT_TRY(check_ends());
        Samples samples = allocate_samples(int(width_), int(height_), kept);
        if (!samples.data || !make_buffer()) {
            return no_memory();
        }
        if (cut_) {
            std::memset(samples.data.get(), 0, std::size_t(width_ * height_ * kept));
        }
        for (std::uint32_t i = 0; i < chunks_; i++) {
            if (is_cancelled(options_)) return was_cancelled(sentence_);
            VIT_TRY(read_chunk(i, samples.data.get()));
        }
        samples = finish_tiff(layout_, std::move(samples));
        if (!samples.data) {
            return no_memory();
        }
        return samples;
    }

private:
    tl::unexpected<Error> no_memory() const {
        return fail(ErrorCode::memory, sentence_ + " and there is no memory to decode it");
    }

    Result<void> find_compression() {
        compression_ = file_.number(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
        separate_ = file_.number(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
        // libtiff may have been built without one.
        if (expansion(compression_) == 0 || !TIFFIsCODECConfigured(std::uint16_t(compression_))) {
            return unsupported(sentence_ + " whose compression, " + std::to_string(compression_) +
                               ", is not supported");
        }
        if (compression_ == COMPRESSION_DEFLATE || compression_ == COMPRESSION_ADOBE_DEFLATE) {
            // A strip may hold more than its pixels: some writers fill up the last one. libdeflate, which
            // libtiff takes if it has it, then leaves pixels out, and nothing says so.
            TIFFSetField(tiff_, TIFFTAG_DEFLATE_SUBCODEC, DEFLATE_SUBCODEC_ZLIB);
        }
        return {};
    }

    // The strips or tiles: how large, how many, and whether the file can hold them.
    Result<void> find_chunks() {
        std::int64_t row_bytes = 0;
        std::uint32_t width = std::uint32_t(width_), rows = 0;
        if (TIFFIsTiled(tiff_)) {
            TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &width);
            TIFFGetField(tiff_, TIFFTAG_TILELENGTH, &rows);
            row_bytes = TIFFTileRowSize64(tiff_) > std::uint64_t(max_memory_) ? 0 : TIFFTileRowSize(tiff_);
            chunks_ = TIFFNumberOfTiles(tiff_);
        } else {
            TIFFGetFieldDefaulted(tiff_, TIFFTAG_ROWSPERSTRIP, &rows);
            rows = std::min(rows, std::uint32_t(height_));
            row_bytes = TIFFScanlineSize64(tiff_) > std::uint64_t(max_memory_) ? 0 : TIFFScanlineSize(tiff_);
            chunks_ = TIFFNumberOfStrips(tiff_);
        }
        if (width < 1 || rows < 1 || width > INT32_MAX || rows > INT32_MAX || chunks_ < 1) {
            return cannot(file_, sentence_);
        }
        chunk_width_ = width;
        chunk_rows_ = rows;
        planes_ = separate_ ? layout_.samples : 1;
        chunk_samples_ = separate_ ? 1 : layout_.samples;
        across_ = (width_ + chunk_width_ - 1) / chunk_width_;
        const std::int64_t down = (height_ + chunk_rows_ - 1) / chunk_rows_;
        row_bytes_ = (chunk_width_ * chunk_samples_ * layout_.bits + 7) / 8;
        // Rows of subsampled YCbCr are not counted in bytes.
        const bool subsampled = layout_.color == TiffColor::ycbcr && !plain_ycbcr();
        if (std::int64_t(chunks_) != across_ * down * planes_ || (!subsampled && row_bytes != row_bytes_)) {
            return fail(ErrorCode::format, sentence_ + " whose header contradicts itself");
        }
        if (row_bytes_ > max_memory_ || chunk_rows_ > max_memory_ / row_bytes_) {
            return too_much_memory();
        }
        const std::int64_t file_size = std::int64_t(file_.bytes().size());
        const std::int64_t most = file_size * expansion(compression_);
        if (std::int64_t(chunks_) > file_size || chunk_rows_ * row_bytes_ > most / std::int64_t(chunks_)) {
            return fail(ErrorCode::format, sentence_ + " of " + std::to_string(width_) + " x " +
                                               std::to_string(height_) + " pixels, which its " +
                                               std::to_string(file_size) + " bytes cannot hold");
        }
        return {};
    }

    tl::unexpected<Error> too_much_memory() const {
        return unsupported(sentence_ + " that takes more than " + std::to_string(max_memory_) +
                           " bytes of memory to decode");
    }

    Result<void> check_memory(std::int64_t bytes_of_pixel) const {
        const std::int64_t chunk = compression_ == COMPRESSION_NONE ? row_bytes_ : row_bytes_ * chunk_rows_;
        if (width_ * height_ > (max_memory_ - chunk) / bytes_of_pixel) {
            return too_much_memory();
        }
        return {};
    }

    // Pixels of three samples, one byte each and next to each other.
    bool plain_ycbcr() const {
        std::uint16_t across = 2, down = 2;
        TIFFGetFieldDefaulted(tiff_, TIFFTAG_YCBCRSUBSAMPLING, &across, &down);
        return compression_ == COMPRESSION_NONE && across == 1 && down == 1;
    }

    // libtiff converts YCbCr for Pillow, too.
    Result<Samples> decode_ycbcr() {
        VIT_TRY(check_memory(12));
        VIT_TRY(check_ends());
        char why[1024] = "";
        TIFFRGBAImage image;
        if (!TIFFRGBAImageOK(tiff_, why) || !TIFFRGBAImageBegin(&image, tiff_, 1, why)) {
            return unsupported(sentence_ + " in YCbCr of a kind that is not supported");
        }
        const std::unique_ptr<TIFFRGBAImage, decltype(&TIFFRGBAImageEnd)> end(&image, TIFFRGBAImageEnd);
        image.orientation = image.req_orientation = ORIENTATION_TOPLEFT;
        Samples packed = allocate_samples(int(width_), int(height_), 4);
        Samples samples = allocate_samples(int(width_), int(height_), 3);
        if (!packed.data || !samples.data) {
            return no_memory();
        }
        auto *raster = reinterpret_cast<std::uint32_t *>(packed.data.get());
        std::memset(raster, 0, std::size_t(4 * width_ * height_));
        if (!TIFFRGBAImageGet(&image, raster, std::uint32_t(width_), std::uint32_t(height_)) && !cut_) {
            return cannot(file_, sentence_);
        }
        std::uint8_t *to = samples.data.get();
        for (std::int64_t i = 0; i < width_ * height_; i++, to += 3) {
            to[0] = std::uint8_t(TIFFGetR(raster[i]));
            to[1] = std::uint8_t(TIFFGetG(raster[i]));
            to[2] = std::uint8_t(TIFFGetB(raster[i]));
        }
        return samples;
    }

    bool make_buffer() {
        const std::int64_t rows = compression_ == COMPRESSION_NONE ? 1 : chunk_rows_;
        buffer_.reset(static_cast<std::uint8_t *>(std::calloc(std::size_t(rows), std::size_t(row_bytes_))));
        return buffer_ != nullptr;
    }

    // How many of a strip's or tile's rows are in the picture.
    std::int64_t rows_of(std::uint32_t chunk) const {
        const std::int64_t down = chunk % (chunks_ / planes_) / across_;
        return std::min(chunk_rows_, height_ - down * chunk_rows_);
    }

    // Before anything is allocated.
    Result<void> check_ends() {
        for (std::uint32_t i = 0; i < chunks_; i++) {
            if (TIFFGetStrileOffset(tiff_, i) == 0) {
                return cannot(file_, sentence_);
            }
            cut_ = cut_ || is_cut(i);
        }
        if (cut_ && !accept_truncated_) {
            return ends_early(sentence_);
        }
        return {};
    }

    bool is_cut(std::uint32_t chunk) const {
        const std::uint64_t size = file_.bytes().size(), offset = TIFFGetStrileOffset(tiff_, chunk);
        return offset > size || bytes_of(chunk) > size - offset;
    }

    std::uint64_t bytes_of(std::uint32_t chunk) const {
        if (compression_ == COMPRESSION_NONE && (layout_.color != TiffColor::ycbcr || plain_ycbcr())) {
            return std::uint64_t((rows_of(chunk) - 1) * row_bytes_ + last_row_bytes(chunk));
        }
        return TIFFGetStrileByteCount(tiff_, chunk);
    }

    std::int64_t columns_of(std::uint32_t chunk) const {
        return std::min(chunk_width_, width_ - chunk % across_ * chunk_width_);
    }

    // Of the last row of a tile no more is needed than what is in the picture.
    std::int64_t last_row_bytes(std::uint32_t chunk) const {
        return (columns_of(chunk) * chunk_samples_ * layout_.bits + 7) / 8;
    }

    Result<void> read_chunk(std::uint32_t chunk, std::uint8_t *picture) {
        const int plane = int(chunk / (chunks_ / planes_)), kept = layout_.kept();
        if (plane >= kept) {
            return {};  // of samples that nobody needs
        }
        const std::int64_t place = chunk % (chunks_ / planes_);
        const std::int64_t x = place % across_ * chunk_width_, y = place / across_ * chunk_rows_;
        std::int64_t rows = rows_of(chunk);
        bool big_endian = TIFFIsBigEndian(tiff_);
        const std::uint8_t *from = buffer_.get();
        bool reversed = false;
        if (compression_ == COMPRESSION_NONE) {
            const std::uint64_t size = file_.bytes().size(), offset = TIFFGetStrileOffset(tiff_, chunk);
            // Of a file that ends early, whole rows, as Pillow takes them.
            const std::int64_t there = offset < size ? std::int64_t(size - offset) : 0;
            const std::int64_t last = last_row_bytes(chunk);
            rows = std::min(rows, there < last ? 0 : (there - last) / row_bytes_ + 1);
            from = file_.bytes().data() + std::min(offset, size);
            reversed = file_.number(TIFFTAG_FILLORDER, FILLORDER_MSB2LSB) == FILLORDER_LSB2MSB;
        } else {
            const std::uint16_t one = 1;
            big_endian = *reinterpret_cast<const std::uint8_t *>(&one) == 0;  // as this machine is
            if (is_cut(chunk)) {
                return {};
            }
            VIT_TRY(decompress(chunk));
        }
        std::uint8_t *to = picture + (y * width_ + x) * kept + plane;
        for (std::int64_t row = 0; row < rows; row++, from += row_bytes_, to += width_ * kept) {
            const std::uint8_t *samples = from;
            if (reversed) {
                std::memcpy(buffer_.get(), from, std::size_t(last_row_bytes(chunk)));
                TIFFReverseBits(buffer_.get(), last_row_bytes(chunk));
                samples = buffer_.get();
            }
            expand_tiff_row(layout_, plane, samples, big_endian, int(columns_of(chunk)),
                            int(chunk_samples_), to);
        }
        return {};
    }

    Result<void> decompress(std::uint32_t chunk) {
        const tmsize_t size = row_bytes_ * (TIFFIsTiled(tiff_) ? chunk_rows_ : rows_of(chunk));
        const tmsize_t n = TIFFIsTiled(tiff_) ? TIFFReadEncodedTile(tiff_, chunk, buffer_.get(), size)
                                              : TIFFReadEncodedStrip(tiff_, chunk, buffer_.get(), size);
        if (n != size) {
            return cannot(file_, sentence_);
        }
        return {};
    }

    const TiffFile &file_;
    TIFF *tiff_;
    const std::string &sentence_;
    const std::int64_t width_, height_, max_memory_;
    const bool accept_truncated_;
    const ImageOptions &options_;
    int compression_ = 0;
    bool separate_ = false;  // one plane after another
    bool cut_ = false;       // the file ends early
    TiffLayout layout_;
    std::uint32_t chunks_ = 0;                             // strips or tiles
    std::int64_t chunk_width_ = 0, chunk_rows_ = 0;        // of one
    std::int64_t chunk_samples_ = 0, row_bytes_ = 0;       // of a pixel, of a row of one
    std::int64_t across_ = 0, planes_ = 0;
    std::unique_ptr<std::uint8_t[], Samples::Free> buffer_;  // one chunk, or one row
};

Result<Samples> decode_tiff(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                            const std::string &sentence) {
    VIT_TRY_ASSIGN(const auto file, open_tiff(bytes, options.max_memory, sentence));
    return Decoder(*file, header, options, sentence).decode();
}

}  // namespace

const PictureFormat tiff_format{"TIFF", tiff_version, is_tiff, tiff_header, decode_tiff};

}  // namespace vit
