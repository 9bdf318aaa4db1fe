// HEIF and AVIF, by libheif, which turns, mirrors and crops as the file says. The orientation in EXIF data
// says the same once more, and is not asked.
#include <libheif/heif.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "picture/heif_boxes.h"
#include "picture/heif_coded_size.h"
#include "picture/heif_colors.h"
#include "picture/heif_references.h"
#include "picture/picture.h"
#include "picture/yuv.h"
#include "printable.h"

#if LIBHEIF_NUMERIC_VERSION < 0x010f0000
#error "libheif 1.15 or later is needed. VIT_HEIF=OFF does without."
#endif

namespace vit {

namespace {

struct Free {
    void operator()(heif_context *context) const { heif_context_free(context); }
    void operator()(heif_image_handle *handle) const { heif_image_handle_release(handle); }
    void operator()(heif_image *image) const { heif_image_release(image); }
    void operator()(heif_decoding_options *options) const { heif_decoding_options_free(options); }
    void operator()(heif_color_profile_nclx *profile) const { heif_nclx_color_profile_free(profile); }
};
template<typename T>
using Owned = std::unique_ptr<T, Free>;

std::string heif_version() {
    return std::string("libheif ") + heif_get_version();
}

// Is it of one of these brands? The major one, or one of those it is compatible with.
bool has_brand(Octets bytes, std::initializer_list<std::string_view> brands) {
    if (bytes.size() < 16 || !begins_with(bytes.subspan(4), "ftyp")) {
        return false;
    }
    const std::uint64_t size = std::min<std::uint64_t>(big_endian(bytes, 0, 4), bytes.size());
    for (std::size_t at = 8; at + 4 <= size; at += at == 8 ? 8 : 4) {
        for (const std::string_view brand : brands) {
            if (begins_with(bytes.subspan(at), brand)) return true;
        }
    }
    return false;
}

bool is_avif(Octets bytes) {
    return has_brand(bytes, {"avif", "avis"});
}

bool is_heif(Octets bytes) {
    return !is_avif(bytes) && has_brand(bytes, {"heic", "heix", "heim", "heis", "hevc", "hevx", "hevm",
                                                "hevs", "mif1", "mif2", "msf1", "miaf"});
}

// Does the file end within its description or its data?
bool is_cut(Octets bytes) {
    std::uint64_t at = 0;
    while (at + 8 <= bytes.size()) {
        std::uint64_t size = big_endian(bytes, at, 4);
        const bool needed = begins_with(bytes.subspan(at + 4), "meta") ||
                            begins_with(bytes.subspan(at + 4), "mdat");
        if (size == 0) {
            return false;  // to the end
        }
        if (size == 1) {
            if (at + 16 > bytes.size()) {
                return true;
            }
            size = big_endian(bytes, at + 8, 8);
        }
        if (size < 8) {
            return false;  // broken
        }
        if (size > bytes.size() - at) {
            return needed;
        }
        at += size;
    }
    return false;
}

tl::unexpected<Error> ends_early(const std::string &sentence) {
    return fail(ErrorCode::format, sentence + " that ends before its last pixel");
}

tl::unexpected<Error> cannot(const heif_error &error, Octets bytes, const std::string &sentence) {
    if (is_cut(bytes) || error.subcode == heif_suberror_End_of_data) {
        return ends_early(sentence);
    }
    if (error.code == heif_error_Memory_allocation_error && error.subcode == heif_suberror_Unspecified) {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
    }
    const std::string why = error.message ? ": " + printable(error.message, 120) : "";
    return fail(ErrorCode::format, sentence + " that cannot be decoded" + why);
}

// The primary picture of a file.
struct File {
    Owned<heif_context> context;
    Owned<heif_image_handle> picture;
};

Result<File> open_heif(Octets bytes, const std::string &sentence) {
    if (!heif_references_end(bytes)) {
        return fail(ErrorCode::format, sentence + " that is made of itself, or of too many others");
    }
    File file;
    file.context.reset(heif_context_alloc());
    if (!file.context) {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
    }
    heif_context_set_max_decoding_threads(file.context.get(), 0);  // none but the caller's
    heif_error error =
        heif_context_read_from_memory_without_copy(file.context.get(), bytes.data(), bytes.size(), nullptr);
    heif_image_handle *handle = nullptr;
    if (error.code == heif_error_Ok) {
        error = heif_context_get_primary_image_handle(file.context.get(), &handle);
        file.picture.reset(handle);
    }
    if (error.code != heif_error_Ok || !handle) {
        return cannot(error, bytes, sentence);
    }
    return file;
}

bool says_identity(const File &file) {
    heif_color_profile_nclx *found = nullptr;
    const heif_error error = heif_image_handle_get_nclx_color_profile(file.picture.get(), &found);
    const Owned<heif_color_profile_nclx> profile(found);
    return error.code == heif_error_Ok && profile &&
           profile->matrix_coefficients == heif_matrix_coefficients_RGB_GBR;
}

Result<PictureHeader> heif_header(Octets bytes, const std::string &sentence) {
    VIT_TRY_ASSIGN(const File file, open_heif(bytes, sentence));
    const int width = heif_image_handle_get_width(file.picture.get());
    const int height = heif_image_handle_get_height(file.picture.get());
    if (width < 1 || height < 1) {
        return fail(ErrorCode::format, sentence + " of no size");
    }
    return PictureHeader{width, height, 1};
}

// Of libheif's decoders of AV1, dav1d prints what is wrong with a file and starts threads of its own, and
// libheif does not let either be turned off. Planes of alpha go to it all the same, as libheif 1.15 passes
// no options on for them, and libde265 prints that a stream of HEVC begins wrongly: broken files alone do.
const char *decoder_of(heif_compression_format format) {
    const heif_decoder_descriptor *decoders[16] = {};
    const int count = heif_get_decoder_descriptors(format, decoders, 16);
    for (int i = 0; i < std::min(count, 16); i++) {
        const char *name = heif_decoder_descriptor_get_id_name(decoders[i]);
        if (name && std::string_view(name) == "aom") return name;
    }
    return nullptr;  // libheif's first
}

// Before anything is allocated. A large picture of one colour takes a byte for tens of thousands of pixels.
Result<void> check_size(std::size_t file_size, const PictureHeader &header, const ImageOptions &options,
                        const std::string &sentence) {
    constexpr std::int64_t pixels_of_a_byte = 1 << 16;
    constexpr std::int64_t bytes_of_a_pixel = 12;  // decoded, turned, and RGB with alpha
    const std::int64_t pixels = header.width * header.height;
    if (pixels / pixels_of_a_byte > std::int64_t(file_size)) {
        return fail(ErrorCode::format, sentence + " of " + std::to_string(header.width) + " x " +
                                           std::to_string(header.height) + " pixels, which its " +
                                           std::to_string(file_size) + " bytes cannot hold");
    }
    if (pixels > options.max_pixels) {
        return fail(ErrorCode::unsupported, sentence + " cut out of more than " +
                                                std::to_string(options.max_pixels) + " pixels");
    }
    if (pixels > options.max_memory / bytes_of_a_pixel) {
        return fail(ErrorCode::unsupported, sentence + " that takes more than " +
                                                std::to_string(options.max_memory) +
                                                " bytes of memory to decode");
    }
    return {};
}

// The picture of which the header's is cut out, if the file says so.
PictureHeader uncut(const File &file, const PictureHeader &header) {
    PictureHeader whole;
    whole.width = heif_image_handle_get_ispe_width(file.picture.get());
    whole.height = heif_image_handle_get_ispe_height(file.picture.get());
    return whole.width * whole.height > header.width * header.height ? whole : header;
}

// The decoders take memory for the size that a stream says, not the file. HEVC codes whole blocks, of up to
// 64 x 64, and the tiles of a small picture may be larger than it.
Result<void> check_coded_size(Octets bytes, const File &file, const PictureHeader &whole,
                              const std::string &sentence) {
    constexpr std::uint64_t block = 64, tile = 1 << 20;
    const auto padded = [](std::int64_t size) { return (std::uint64_t(size) + block - 1) / block * block; };
    heif_item_id id = 0;
    const heif_error error = heif_context_get_primary_image_ID(file.context.get(), &id);
    const auto coded = error.code == heif_error_Ok ? heif_coded_pixels(bytes, id) : std::nullopt;
    if (!coded) {
        return fail(ErrorCode::format, sentence + " whose data are not where it says");
    }
    if (*coded > std::max(tile, padded(whole.width) * padded(whole.height))) {
        return fail(ErrorCode::format, sentence + " of " + std::to_string(whole.width) + " x " +
                                           std::to_string(whole.height) + " pixels that holds a larger one");
    }
    return {};
}

YuvPlane plane_of(const heif_image *image, heif_channel channel) {
    YuvPlane plane;
    int stride = 0;
    plane.data = heif_image_get_plane_readonly(image, channel, &stride);
    plane.stride = stride;
    plane.bits = heif_image_get_bits_per_pixel_range(image, channel);
    return plane;
}

bool has_size(const heif_image *image, heif_channel channel, int width, int height) {
    return heif_image_get_width(image, channel) == width && heif_image_get_height(image, channel) == height;
}

// The decoded planes. False: they do not fit together.
bool planes_of(const heif_image *image, const HeifColors &colors, YuvPicture &picture) {
    const heif_colorspace space = heif_image_get_colorspace(image);
    const heif_chroma chroma = heif_image_get_chroma_format(image);
    const bool rgb = space == heif_colorspace_RGB;
    const heif_channel y = rgb ? heif_channel_G : heif_channel_Y, u = rgb ? heif_channel_B : heif_channel_Cb,
                       v = rgb ? heif_channel_R : heif_channel_Cr;
    picture.width = heif_image_get_width(image, y);
    picture.height = heif_image_get_height(image, y);
    picture.y = plane_of(image, y);
    if (!picture.y.data || picture.width < 1 || picture.height < 1) {
        return false;
    }
    if (rgb || space == heif_colorspace_YCbCr) {
        const bool half_x = !rgb && (chroma == heif_chroma_420 || chroma == heif_chroma_422);
        const bool half_y = !rgb && chroma == heif_chroma_420;
        const int width = half_x ? (picture.width + 1) / 2 : picture.width;
        const int height = half_y ? (picture.height + 1) / 2 : picture.height;
        picture.u = plane_of(image, u);
        picture.v = plane_of(image, v);
        if (!picture.u.data || !picture.v.data || !has_size(image, u, width, height) ||
            !has_size(image, v, width, height)) {
            return false;
        }
        picture.halved_x = half_x;
        picture.halved_y = half_y;
    }
    if (rgb && !colors.hidden) {
        picture.matrix = 0;
        picture.full_range = true;
    } else if (rgb) {
        // Samples that libheif has repeated are taken once.
        picture.halved_x = colors.halved_x;
        picture.halved_y = colors.halved_y;
        for (YuvPlane *plane : {&picture.u, &picture.v}) {
            plane->step = colors.halved_x ? 2 : 1;
            plane->stride *= colors.halved_y ? 2 : 1;
        }
    }
    if (heif_image_has_channel(image, heif_channel_Alpha)) {
        picture.alpha = plane_of(image, heif_channel_Alpha);
        if (!picture.alpha.data ||
            !has_size(image, heif_channel_Alpha, picture.width, picture.height)) {
            return false;
        }
    }
    return true;
}

Result<Samples> decode(Octets bytes, heif_compression_format format, const PictureHeader &header,
                       const ImageOptions &options, const std::string &sentence) {
    if (is_cut(bytes) && !options.accept_truncated) {
        return ends_early(sentence);
    }
    std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
    HeifColors colors = hide_heif_colors(copy);
    VIT_TRY_ASSIGN(File file, open_heif(copy, sentence));
    if (colors.hidden && !says_identity(file)) {  // which another picture of the file does
        colors = {};
        VIT_TRY_ASSIGN(file, open_heif(bytes, sentence));
    }
    const PictureHeader whole = uncut(file, header);
    VIT_TRY(check_size(bytes.size(), whole, options, sentence));
    VIT_TRY(check_coded_size(bytes, file, whole, sentence));
    if (!heif_have_decoder_for_format(format)) {
        return fail(ErrorCode::unsupported, sentence + ", for which libheif has no decoder on this machine");
    }
    const Owned<heif_decoding_options> how(heif_decoding_options_alloc());
    if (!how) {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
    }
    how->decoder_id = decoder_of(format);
    how->ignore_transformations = !options.orientation;
    how->strict_decoding = !options.accept_truncated;
    heif_image *decoded = nullptr;
    const heif_error error = heif_decode_image(file.picture.get(), &decoded, heif_colorspace_undefined,
                                               heif_chroma_undefined, how.get());
    const Owned<heif_image> image(decoded);
    if (error.code != heif_error_Ok || !image) {
        return cannot(error, bytes, sentence);
    }
    YuvPicture picture;
    heif_color_profile_nclx *found = nullptr;
    if (colors.hidden) {
        picture.full_range = colors.full_range;
        picture.primaries = colors.primaries;
        picture.matrix = colors.matrix;
    } else if (heif_image_get_nclx_color_profile(image.get(), &found).code == heif_error_Ok && found) {
        picture.full_range = found->full_range_flag;
        picture.primaries = found->color_primaries;
        picture.matrix = found->matrix_coefficients;
    }
    const Owned<heif_color_profile_nclx> profile(found);
    picture.premultiplied = heif_image_handle_is_premultiplied_alpha(file.picture.get());
    if (!planes_of(image.get(), colors, picture)) {
        return fail(ErrorCode::format, sentence + " whose planes do not fit together");
    }
    // Not turned, mirrored or cropped, it may have another size than the header says.
    if (options.orientation && (picture.width != header.width || picture.height != header.height)) {
        return fail(ErrorCode::format, sentence + " whose header contradicts itself");
    }
    if (!yuv_is_supported(picture)) {
        return fail(ErrorCode::unsupported, sentence + " whose colours, of matrix " +
                                                std::to_string(picture.matrix) + ", are not supported");
    }
    Samples samples = yuv_to_samples(picture);
    if (!samples.data) {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
    }
    return samples;
}

Result<Samples> decode_heif(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                            const std::string &sentence) {
    return decode(bytes, heif_compression_HEVC, header, options, sentence);
}

Result<Samples> decode_avif(Octets bytes, const PictureHeader &header, const ImageOptions &options,
                            const std::string &sentence) {
    return decode(bytes, heif_compression_AV1, header, options, sentence);
}

}  // namespace

const PictureFormat heif_format{"HEIF", heif_version, is_heif, heif_header, decode_heif};
const PictureFormat avif_format{"AVIF", heif_version, is_avif, heif_header, decode_avif};

}  // namespace vit
