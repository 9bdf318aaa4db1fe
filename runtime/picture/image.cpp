#include "picture/image.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "picture/file.h"
#include "picture/other_formats.h"
#include "picture/picture.h"
#include "picture/rgb.h"
#include "picture/whole_picture.h"
#include "printable.h"

namespace vit {

namespace {

Result<void> check_pixels(std::int64_t width, std::int64_t height, std::int64_t most,
                          std::string_view sentence) {
    if (width > 0 && height > most / width) {
        return fail(ErrorCode::unsupported, std::string(sentence) + " of " + std::to_string(width) + " x " +
                                                std::to_string(height) + " pixels, more than " +
                                                std::to_string(most));
    }
    return {};
}

const PictureFormat *format_of(Octets bytes) {
    for (const PictureFormat &format : picture_formats()) {
        if (format.recognises(bytes)) return &format;
    }
    return nullptr;
}

// "JPEG, PNG and TGA"
std::string names_of_formats() {
    std::string names;
    const auto formats = picture_formats();
    for (std::size_t i = 0; i < formats.size(); i++) {
        names += i == 0 ? "" : i + 1 < formats.size() ? ", " : " and ";
        names += formats[i].name;
    }
    return names;
}

tl::unexpected<Error> no_memory(const std::string &name) {
    return fail(ErrorCode::memory, printable(name, 0) + ": is too large for the memory there is");
}

tl::unexpected<Error> not_begun(const std::string &name) {
    return fail(ErrorCode::cancelled, printable(name, 0) + ": was cancelled");
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
    if (view.row_stride > std::numeric_limits<std::ptrdiff_t>::max() / view.height ||
        view.row_stride < std::numeric_limits<std::ptrdiff_t>::min() / view.height) {
        return wrong("row_stride is " + std::to_string(view.row_stride) + ", too much for " +
                     std::to_string(view.height) + " rows");
    }
    return check_pixels(view.width, view.height, Image::max_pixels, "image: a picture");
}

Result<void> read_picture(const std::string &path, const ImageOptions &options, RowSink &sink) {
    if (is_cancelled(options)) return not_begun(path);
    VIT_TRY_ASSIGN(PictureFile file, PictureFile::open(path));
    // What is no picture is not read any further: a name may be a film's.
    if (format_of(file.bytes())) VIT_TRY(file.read_all());
    return decode_picture(file.bytes().data(), file.bytes().size(), path, options, sink);
}

Result<void> decode_picture(const void *data, std::size_t size, const std::string &name,
                            const ImageOptions &options, RowSink &sink) {
    if (is_cancelled(options)) return not_begun(name);
    const std::string file = printable(name, 0);
    if (size == 0 || !data) {
        return fail(ErrorCode::format, file + ": is empty");
    }
    if (size > max_picture_file) {
        return fail(ErrorCode::unsupported, file + ": has " + std::to_string(size) + " bytes, more than " +
                                                std::to_string(max_picture_file));
    }
    const Octets bytes(static_cast<const std::uint8_t *>(data), size);
    const PictureFormat *format = format_of(bytes);
    if (!format) {
        const std::string other = other_format(bytes);
        const std::string what = other.empty() ? "" : ": it is " + other;
        return fail(other.ends_with("not decode") ? ErrorCode::unsupported : ErrorCode::format,
                    file + ": is none of " + names_of_formats() + what);
    }
    const char *a = format->name[0] == 'A' ? "an " : "a ";
    const std::string sentence = file + ": is " + a + format->name + " picture";
    VIT_TRY_ASSIGN(const PictureHeader header, format->header(bytes, sentence));
    const std::int64_t most = std::min(options.max_pixels, Image::max_pixels);
    VIT_TRY(check_pixels(header.width, header.height, most, sentence));
    sink.orientation = options.orientation ? header.orientation : 1;
    sink.alpha = options.alpha;
    if (format->decode_rows) {
        return format->decode_rows(bytes, header, options, sentence, sink);
    }
    VIT_TRY_ASSIGN(Samples samples, format->decode(bytes, header, options, sentence));
    if (is_cancelled(options)) return was_cancelled(sentence);
    return sink.take_all(std::move(samples));
}

Image::Image(Samples &&rgb)
    : width_(rgb.width), height_(rgb.height), rgb_(rgb.data.release(), Samples::Free()) {}

Result<Image> Image::read(const std::string &path, const ImageOptions &options) {
    return guarded([&]() -> Result<Image> {
        WholePicture picture;
        VIT_TRY(read_picture(path, options, picture));
        Samples rgb = std::move(picture).rgb();
        return rgb.data ? Result<Image>(Image(std::move(rgb))) : no_memory(path);
    });
}

Result<Image> Image::decode(const void *data, std::size_t size, const std::string &name,
                            const ImageOptions &options) {
    return guarded([&]() -> Result<Image> {
        WholePicture picture;
        VIT_TRY(decode_picture(data, size, name, options, picture));
        Samples rgb = std::move(picture).rgb();
        return rgb.data ? Result<Image>(Image(std::move(rgb))) : no_memory(name);
    });
}

Result<Image> Image::from_pixels(const ImageView &pixels) {
    return guarded([&]() -> Result<Image> {
        VIT_TRY(check_view(pixels));
        Samples rgb = to_rgb(pixels, 1, Alpha::over_white);
        return rgb.data ? Result<Image>(Image(std::move(rgb))) : out_of_memory();
    });
}

}  // namespace vit
