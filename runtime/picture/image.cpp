#include "picture/image.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
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

Result<ImageView> checked_view(const ImageView &view) {
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
    VIT_TRY(check_pixels(view.width, view.height, Image::max_pixels, "image: a picture"));

    ImageView its = view;
    struct Step {
        const char *name;
        std::ptrdiff_t &stride;
        std::ptrdiff_t usual, count;
    };
    const Step channels{"channel_stride", its.channel_stride, 1, view.channels};
    const Step pixels{"pixel_stride", its.pixel_stride, view.channels, view.width};
    // As far as one stride reaches, in bytes: less than half of all addresses.
    constexpr std::ptrdiff_t most = std::numeric_limits<std::ptrdiff_t>::max() / 8;
    const auto complete = [&](const Step &step) -> Result<void> {
        const bool beyond = step.stride > most / step.count || step.stride < -most / step.count;
        if (step.stride == 0 || (beyond && step.count == 1)) {
            step.stride = step.usual;
        } else if (beyond) {
            return wrong(std::string(step.name) + " is " + std::to_string(step.stride) + ", too much for " +
                         std::to_string(step.count) + " steps");
        }
        return {};
    };
    VIT_TRY(complete(channels));
    VIT_TRY(complete(pixels));
    const Step rows{"row_stride", its.row_stride, std::abs(its.pixel_stride) * view.width, view.height};
    VIT_TRY(complete(rows));

    // From the shortest stride to the longest, each has to step over what the ones before it reach.
    const Step *by_length[] = {&channels, &pixels, &rows};
    std::sort(std::begin(by_length), std::end(by_length), [](const Step *a, const Step *b) {
        return std::abs(a->stride) < std::abs(b->stride);
    });
    std::ptrdiff_t reach = 1;
    for (const Step *step : by_length) {
        if (step->count == 1) continue;
        const std::ptrdiff_t length = std::abs(step->stride);
        if (length < reach) {
            return wrong(std::string(step->name) + " is " + std::to_string(step->stride) +
                         ", less than the " + std::to_string(reach) + " bytes that it has to step over");
        }
        reach += length * (step->count - 1);
    }
    return its;
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
        VIT_TRY_ASSIGN(const ImageView view, checked_view(pixels));
        Samples rgb = to_rgb(view, 1, Alpha::over_white);
        return rgb.data ? Result<Image>(Image(std::move(rgb))) : out_of_memory();
    });
}

}  // namespace vit
