#include "image.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <string_view>

#include "jpeg_integrity.h"
#include "mapped_file.h"
#include "png_integrity.h"
#include "pnm.h"
#include "printable.h"
#include "stb_image.h"

namespace vit {

namespace {

using Octets = std::span<const std::uint8_t>;

constexpr std::size_t max_file_size = std::size_t{1} << 30;

bool begins_with(Octets bytes, std::string_view signature) {
    return bytes.size() >= signature.size() &&
           std::memcmp(bytes.data(), signature.data(), signature.size()) == 0;
}

struct Format {
    StbFormat stb;
    const char *name;
};

std::optional<Format> format_of(Octets bytes) {
    if (begins_with(bytes, "\xff\xd8\xff")) return Format{StbFormat::jpeg, "a JPEG picture"};
    if (begins_with(bytes, "\x89PNG\r\n\x1a\n")) return Format{StbFormat::png, "a PNG picture"};
    if (begins_with(bytes, "BM")) return Format{StbFormat::bmp, "a BMP picture"};
    if (begins_with(bytes, "GIF87a") || begins_with(bytes, "GIF89a"))
        return Format{StbFormat::gif, "a GIF picture"};
    if (stb_is_tga(bytes)) return Format{StbFormat::tga, "a TGA picture"};
    return std::nullopt;
}

// `sentence` begins the message; a view, so that a picture that is fine costs no allocation.
Result<void> check_pixels(std::int64_t width, std::int64_t height, std::string_view sentence) {
    if (width > 0 && height > Image::max_pixels / width) {
        return fail(ErrorCode::unsupported, std::string(sentence) + " of " + std::to_string(width) + " x " +
                                                std::to_string(height) + " pixels, more than " +
                                                std::to_string(Image::max_pixels));
    }
    return {};
}

std::vector<std::uint8_t> to_rgb(const ImageView &view) {
    std::vector<std::uint8_t> rgb(std::size_t{3} * view.width * view.height);
    for (int y = 0; y < view.height; y++) {
        row_to_rgb(view.data + y * row_stride(view), view.width, view.channels,
                   rgb.data() + std::size_t{3} * view.width * y);
    }
    return rgb;
}

// round(alpha sample + (1 - alpha) white) in 255ths. Pillow's fixed-point arithmetic gives the same for all
// 65536 pairs.
std::uint8_t over_white(int sample, int alpha) {
    return static_cast<std::uint8_t>((2 * (sample * alpha + 255 * (255 - alpha)) + 255) / 510);
}

}  // namespace

std::ptrdiff_t row_stride(const ImageView &view) {
    return view.row_stride ? view.row_stride : static_cast<std::ptrdiff_t>(view.width) * view.channels;
}

Result<void> check_view(const ImageView &view) {
    const auto wrong = [](const std::string &what) { return fail(ErrorCode::argument, "image: " + what); };
    if (!view.data) {
        return wrong("data is null");
    }
    if (view.width < 1 || view.height < 1) {
        return wrong("a size of " + std::to_string(view.width) + " x " + std::to_string(view.height));
    }
    if (view.channels < 1 || view.channels > 4) {
        return wrong(std::to_string(view.channels) + " channels, outside 1 to 4");
    }
    const std::int64_t row_bytes = std::int64_t{view.width} * view.channels;
    if (view.row_stride != 0 && view.row_stride < row_bytes && view.row_stride > -row_bytes) {
        return wrong("row_stride is " + std::to_string(view.row_stride) + ", less than the " +
                     std::to_string(row_bytes) + " bytes of a row");
    }
    return check_pixels(view.width, view.height, "image: a picture");
}

void row_to_rgb(const std::uint8_t *row, int width, int channels, std::uint8_t *rgb) {
    const bool color = channels >= 3, alpha = channels % 2 == 0;
    if (color && !alpha) {
        std::memcpy(rgb, row, std::size_t{3} * width);
        return;
    }
    for (int x = 0; x < width; x++, row += channels, rgb += 3) {
        for (int c = 0; c < 3; c++) {
            const std::uint8_t sample = row[color ? c : 0];
            rgb[c] = alpha ? over_white(sample, row[channels - 1]) : sample;
        }
    }
}

Result<Image> Image::read(const std::string &path) {
    try {
        VIT_TRY_ASSIGN(const auto file, MappedFile::open(path));
        return decode(file->bytes().data(), file->bytes().size(), path);
    } catch (const std::bad_alloc &) {
        return fail(ErrorCode::memory, printable(path, 0) + ": is too large for the memory there is");
    }
}

Result<Image> Image::decode(const void *data, std::size_t size, const std::string &name) {
    try {
        const std::string file = printable(name, 0);
        if (size == 0 || !data) {
            return fail(ErrorCode::format, file + ": is empty");
        }
        if (size > max_file_size) {
            return fail(ErrorCode::unsupported, file + ": has " + std::to_string(size) +
                                                    " bytes, more than " + std::to_string(max_file_size));
        }
        const Octets bytes(static_cast<const std::uint8_t *>(data), size);
        Image image;
        if (is_pnm(bytes)) {
            const std::string sentence = file + ": is a PNM picture";
            VIT_TRY_ASSIGN(const PnmHeader header, pnm_header(bytes, sentence));
            VIT_TRY(check_pixels(header.width, header.height, sentence));
            VIT_TRY_ASSIGN(const std::vector<std::uint8_t> samples, pnm_samples(bytes, header, sentence));
            image.rgb_ = to_rgb({samples.data(), header.width, header.height, header.channels});
            image.width_ = header.width;
            image.height_ = header.height;
            return image;
        }
        const std::optional<Format> format = format_of(bytes);
        if (!format) {
            return fail(ErrorCode::format, file + ": is none of JPEG, PNG, BMP, GIF, TGA and PNM");
        }
        const std::string sentence = file + ": is " + format->name;
        if (format->stb == StbFormat::png) {
            if (const auto size = png_size(bytes)) {
                VIT_TRY(check_pixels(size->width, size->height, sentence));
            }
        }
        if (format->stb == StbFormat::jpeg) {
            VIT_TRY(check_jpeg(bytes, sentence));
        }
        VIT_TRY_ASSIGN(const StbPicture header, stb_header(format->stb, bytes, sentence));
        VIT_TRY(check_pixels(header.width, header.height, sentence));
        if (format->stb == StbFormat::png) {
            VIT_TRY(check_png(bytes, sentence));
        }
        VIT_TRY_ASSIGN(const StbPicture picture, stb_decode(format->stb, bytes, header, sentence));
        image.rgb_ = to_rgb({picture.samples.get(), picture.width, picture.height, picture.channels});
        image.width_ = picture.width;
        image.height_ = picture.height;
        return image;
    } catch (const std::bad_alloc &) {
        return fail(ErrorCode::memory, printable(name, 0) + ": is too large for the memory there is");
    }
}

Result<Image> Image::from_pixels(const ImageView &pixels) {
    VIT_TRY(check_view(pixels));
    try {
        Image image;
        image.rgb_ = to_rgb(pixels);
        image.width_ = pixels.width;
        image.height_ = pixels.height;
        return image;
    } catch (const std::bad_alloc &) {
        return fail(ErrorCode::memory, "image: out of memory");
    }
}

}  // namespace vit
