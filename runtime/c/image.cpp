#include "c/image.h"

using namespace vit;
using namespace vit::c;

namespace vit::c {

namespace {

constexpr const char *alpha_names[] = {"over_white", "drop"}, *order_names[] = {"rgb", "bgr"};
static_assert(VIT_ALPHA_OVER_WHITE == static_cast<int>(Alpha::over_white) &&
              VIT_ALPHA_DROP == static_cast<int>(Alpha::drop) &&
              VIT_ORDER_RGB == static_cast<int>(ChannelOrder::rgb) &&
              VIT_ORDER_BGR == static_cast<int>(ChannelOrder::bgr));

}  // namespace

Result<ImageView> view_of(const vit_image_view *view) {
    VIT_TRY(there(view, "image"));
    VIT_TRY_ASSIGN(const vit_image_view v, sized(view, "vit_image_view"));
    VIT_TRY_ASSIGN(const int order, number_of(v.order, 0, std::size(order_names), "order"));
    return ImageView{v.data, v.width, v.height, v.channels ? v.channels : 3, v.row_stride,
                     static_cast<ChannelOrder>(order), v.pixel_stride, v.channel_stride};
}

Result<ImageOptions> options_of(const vit_image_options *options) {
    VIT_TRY_ASSIGN(const vit_image_options o, sized(options, "vit_image_options"));
    VIT_TRY_ASSIGN(const int alpha, number_of(o.alpha, 0, std::size(alpha_names), "alpha"));
    VIT_TRY(number_of(o.reserved, 0, 1, "vit_image_options.reserved"));
    ImageOptions its;
    its.orientation = !o.ignore_orientation;
    its.alpha = static_cast<Alpha>(alpha);
    its.accept_truncated = o.accept_truncated;
    its.draft_width = o.draft_width;
    its.draft_height = o.draft_height;
    if (o.max_pixels) its.max_pixels = o.max_pixels;
    if (o.max_memory) its.max_memory = o.max_memory;
    its.cancelled = flag_of(o.cancellation);
    return its;
}

}  // namespace vit::c

const char *vit_alpha_name(vit_alpha alpha) {
    return alpha >= 0 && alpha < static_cast<int>(std::size(alpha_names)) ? alpha_names[alpha] : nullptr;
}

const char *vit_channel_order_name(vit_channel_order order) {
    return order >= 0 && order < static_cast<int>(std::size(order_names)) ? order_names[order] : nullptr;
}

struct vit_image_formats {
    std::vector<ImageFormat> its;
};

vit_image_formats *vit_image_formats_new(vit_error **error) {
    return handle_of<vit_image_formats>(error, []() -> Result<std::unique_ptr<vit_image_formats>> {
        auto formats = std::make_unique<vit_image_formats>();
        formats->its = image_formats();
        if (formats->its.empty()) return out_of_memory();  // some can always be read
        return formats;
    });
}

int32_t vit_image_formats_count(const vit_image_formats *formats) {
    return formats ? static_cast<int32_t>(formats->its.size()) : 0;
}

const char *vit_image_formats_name(const vit_image_formats *formats, int32_t i) {
    return i >= 0 && i < vit_image_formats_count(formats) ? formats->its[i].name.c_str() : nullptr;
}

const char *vit_image_formats_decoder(const vit_image_formats *formats, int32_t i) {
    return i >= 0 && i < vit_image_formats_count(formats) ? formats->its[i].decoder.c_str() : nullptr;
}

void vit_image_formats_free(vit_image_formats *formats) {
    delete formats;
}

vit_image *vit_image_read(const char *path, const vit_image_options *options, vit_error **error) {
    return handle_of<vit_image>(error, [&]() -> Result<std::unique_ptr<vit_image>> {
        VIT_TRY_ASSIGN(const std::string from, text_of(path, "path"));
        VIT_TRY_ASSIGN(const ImageOptions its, options_of(options));
        VIT_TRY_ASSIGN(Image image, Image::read(from, its));
        return std::make_unique<vit_image>(std::move(image));
    });
}

vit_image *vit_image_decode(const void *bytes, size_t size, const char *name,
                            const vit_image_options *options, vit_error **error) {
    return handle_of<vit_image>(error, [&]() -> Result<std::unique_ptr<vit_image>> {
        VIT_TRY_ASSIGN(const ImageOptions its, options_of(options));
        VIT_TRY_ASSIGN(Image image, Image::decode(bytes, size, name ? name : "image", its));
        return std::make_unique<vit_image>(std::move(image));
    });
}

vit_image *vit_image_from_pixels(const vit_image_view *pixels, vit_error **error) {
    return handle_of<vit_image>(error, [&]() -> Result<std::unique_ptr<vit_image>> {
        VIT_TRY_ASSIGN(const ImageView view, view_of(pixels));
        VIT_TRY_ASSIGN(Image image, Image::from_pixels(view));
        return std::make_unique<vit_image>(std::move(image));
    });
}

vit_image *vit_image_copy(const vit_image *image, vit_error **error) {
    return handle_of<vit_image>(error, [&]() -> Result<std::unique_ptr<vit_image>> {
        VIT_TRY(there(image, "image"));
        return std::make_unique<vit_image>(*image);
    });
}

int32_t vit_image_width(const vit_image *image) {
    return image ? image->its.width() : 0;
}

int32_t vit_image_height(const vit_image *image) {
    return image ? image->its.height() : 0;
}

const uint8_t *vit_image_data(const vit_image *image) {
    return image ? image->its.data() : nullptr;
}

vit_code vit_image_as_view(const vit_image *image, vit_image_view *view, vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        VIT_TRY(there(image, "image"));
        vit_image_view its{};
        its.data = image->its.data();
        its.width = image->its.width();
        its.height = image->its.height();
        its.channels = 3;
        return fill(view, its, "vit_image_view");
    });
}

void vit_image_free(vit_image *image) {
    delete image;
}
