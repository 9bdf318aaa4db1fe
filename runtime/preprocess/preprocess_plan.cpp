#include "preprocess/preprocess_plan.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "backend/buffer.h"
#include "picture/image.h"
#include "picture/rgb.h"
#include "preprocess/resample.h"

namespace vit {

namespace {

std::string size_text(std::int64_t width, std::int64_t height) {
    return std::to_string(width) + " x " + std::to_string(height);
}

Result<void> check_size(std::int64_t width, std::int64_t height, const std::string &what) {
    if (width > max_picture_side || height > max_picture_side) {
        return fail(ErrorCode::unsupported,
                    what + " has a side above " + std::to_string(max_picture_side) + " pixels");
    }
    if (width * height > Image::max_pixels) {
        return fail(ErrorCode::unsupported,
                    what + " has more than " + std::to_string(Image::max_pixels) + " pixels");
    }
    return {};
}

struct Size {
    std::int64_t width, height;
};

// The longer edge that goes with a shorter one, cut to an integer.
std::int64_t longer_edge(double shorter, std::int64_t long_edge, std::int64_t short_edge) {
    return static_cast<std::int64_t>(shorter * static_cast<double>(long_edge) /
                                     static_cast<double>(short_edge));
}

// transformers: image_transforms.get_resize_output_image_size, and get_size_with_aspect_ratio where there is
// a longest edge. There the shorter edge is rounded (half to even) but the longer one follows from it as it
// was before.
Size by_shortest_edge(const Preprocessing &p, std::int64_t width, std::int64_t height) {
    const std::int64_t short_edge = std::min(width, height), long_edge = std::max(width, height);
    double exact = p.shortest_edge;
    std::int64_t shorter = p.shortest_edge;
    if (p.longest_edge > 0 &&
        static_cast<double>(long_edge) / static_cast<double>(short_edge) * p.shortest_edge >
            p.longest_edge) {
        exact = static_cast<double>(p.longest_edge) * static_cast<double>(short_edge) /
                static_cast<double>(long_edge);
        shorter = static_cast<std::int64_t>(std::nearbyint(exact));
    }
    if (p.longest_edge > 0 && shorter == short_edge) {
        return {width, height};
    }
    const std::int64_t longer = longer_edge(exact, long_edge, short_edge);
    return width <= height ? Size{shorter, longer} : Size{longer, shorter};
}

// timm: ResizeKeepRatio.
Size in_proportion(const Preprocessing &p, std::int64_t width, std::int64_t height) {
    const double w = static_cast<double>(width), h = static_cast<double>(height);
    const double of_height = h / p.height, of_width = w / p.width;
    const double ratio =
        p.resize == Resize::cover ? std::min(of_height, of_width) : std::max(of_height, of_width);
    return {static_cast<std::int64_t>(std::nearbyint(w / ratio)),
            static_cast<std::int64_t>(std::nearbyint(h / ratio))};
}

Size resized_size(const Preprocessing &p, std::int64_t width, std::int64_t height) {
    switch (p.resize) {
    case Resize::squash:
        return {p.width, p.height};
    case Resize::shortest_edge:
        return by_shortest_edge(p, width, height);
    case Resize::cover:
    case Resize::contain:
        return in_proportion(p, width, height);
    case Resize::none:
        break;
    }
    return {width, height};
}

// Pillow 13's choice: the order that has less to do where the height shrinks much more than the width. (Up
// to Pillow 12 rows always came first, which differs in the last bits of such pictures.) Picking single
// samples gives the same in both orders, so there it is enough that fewer rows are left.
bool columns_first(Filter filter, std::int64_t width, std::int64_t height, const Size &resized) {
    const std::int64_t fewer_rows = height - resized.height;
    return fewer_rows > 0 && (filter == Filter::nearest || fewer_rows > 2 * (width - resized.width));
}

// Where a centred crop of `crop` samples out of `size` begins, negative where it is larger. transformers:
// floor((size - crop) / 2). timm and torchvision: round((size - crop) / 2), half to even, after a smaller
// picture has got (crop - size) / 2 samples before it, cut to an integer.
int crop_begin(std::int64_t size, std::int64_t crop, Remainder remainder) {
    const std::int64_t difference = size - crop, half = difference / 2;  // towards zero
    if (difference % 2 == 0) return static_cast<int>(half);
    if (remainder == Remainder::floor) return static_cast<int>(difference < 0 ? half - 1 : half);
    return static_cast<int>(difference < 0 || half % 2 == 0 ? half : half + 1);
}

// The taps of every x in groups, with the weight of a pixel three times, once for each channel. A group that
// would end beyond the last pixel begins `group` pixels before the end, as the stage does it: its weights
// follow the pixels.
void group_columns(const ResampleTable &table, PreprocessPlan &plan) {
    constexpr int group = PreprocessPlan::group;
    const int last_group = plan.read_width() - group;
    plan.columns = table.first;
    plan.groups = (table.taps + group - 1) / group;
    plan.column_weights.assign(std::size_t{3} * group * plan.groups * plan.width, 0);
    for (int x = 0; x < plan.width; x++) {
        std::int32_t *weights = plan.column_weights.data() + std::size_t{3} * group * plan.groups * x;
        for (int k = 0; k < table.taps; k++) {
            const int g = k / group;
            const int begin = std::min(table.first[x] + g * group, last_group);
            const int p = table.first[x] + k - begin;
            if (table.weight(x, k) != 0) {
                std::fill_n(weights + 3 * (g * group + p), 3, table.weight(x, k));
            }
        }
    }
}

void slice_rows(const ResampleTable &table, PreprocessPlan &plan) {
    int begin = plan.picture_height, end = 0;
    for (int y = 0; y < plan.height; y++) {
        for (int j = 0; j < table.taps; j++) {
            if (table.weight(y, j) != 0) {
                begin = std::min(begin, table.first[y] + j);
                end = std::max(end, table.first[y] + j + 1);
            }
        }
    }
    if (begin >= end) {  // the crop sees nothing but zeros
        begin = 0;
        end = 1;
    }
    plan.first_row = begin;
    plan.rows_read = end - begin;
    plan.taps = table.taps;
    plan.row_weights = table.weights;
    plan.rows = table.first;
    for (std::int32_t &row : plan.rows) {
        row -= begin;
    }
}

// In the types of transformers' PIL backend: rescaled in double and kept as float32, then normalized in
// float32.
Result<std::vector<float>> normalized_levels(const Preprocessing &p) {
    std::vector<float> levels(3 * 256);
    for (int c = 0; c < 3; c++) {
        for (int level = 0; level < 256; level++) {
            float value =
                p.do_rescale ? static_cast<float>(level * p.rescale_factor) : static_cast<float>(level);
            if (p.do_normalize) {
                value = (value - static_cast<float>(p.mean[c])) / static_cast<float>(p.std[c]);
            }
            if (!std::isfinite(value)) {
                return fail(ErrorCode::config, "rescale_factor, image_mean and image_std turn the sample " +
                                                   std::to_string(level) + " of channel " +
                                                   std::to_string(c) + " into a value that is not finite");
            }
            levels[c * 256 + level] = value;
        }
    }
    return levels;
}

}  // namespace

Result<PreprocessPlan> plan_preprocess(const Preprocessing &p, int picture_width, int picture_height) {
    if (picture_width < 1 || picture_height < 1) {
        return fail(ErrorCode::argument,
                    "a picture of " + size_text(picture_width, picture_height) + " pixels");
    }
    const std::string picture = "a picture of " + size_text(picture_width, picture_height);
    VIT_TRY(check_size(picture_width, picture_height, picture));
    const Size resized = resized_size(p, picture_width, picture_height);
    if (resized.width < 1 || resized.height < 1) {
        return fail(ErrorCode::unsupported,
                    picture + " would be resized to " + size_text(resized.width, resized.height));
    }
    VIT_TRY(check_size(resized.width, resized.height,
                       picture + " resized to " + size_text(resized.width, resized.height)));
    const Size out = p.do_center_crop ? Size{p.crop_width, p.crop_height} : resized;
    if (out.width < 1 || out.height < 1) {
        return fail(ErrorCode::config, "crop_size is " + size_text(out.width, out.height));
    }
    VIT_TRY(check_size(out.width, out.height, "crop_size " + size_text(out.width, out.height)));
    for (const int sample : p.fill) {
        if (sample < 0 || sample > 255) {
            return fail(ErrorCode::config, "fill is " + std::to_string(sample) + ", outside 0 to 255");
        }
    }

    PreprocessPlan plan;
    plan.picture_width = picture_width;
    plan.picture_height = picture_height;
    plan.width = static_cast<int>(out.width);
    plan.height = static_cast<int>(out.height);
    VIT_TRY_ASSIGN(plan.levels, normalized_levels(p));
    const int top = crop_begin(resized.height, out.height, p.remainder);
    const int left = crop_begin(resized.width, out.width, p.remainder);
    if (p.fill != std::array<int, 3>{}) {
        plan.filled = true;
        plan.top = std::max(-top, 0);
        plan.left = std::max(-left, 0);
        plan.bottom = static_cast<int>(std::min(out.height, resized.height - top));
        plan.right = static_cast<int>(std::min(out.width, resized.width - left));
        for (int c = 0; c < 3; c++) plan.fill[c] = plan.levels[c * 256 + p.fill[c]];
    }
    const int resized_width = static_cast<int>(resized.width);
    const int resized_height = static_cast<int>(resized.height);
    VIT_TRY_ASSIGN(const ResampleTable of_rows,
                   resample_table(p.filter, picture_height, resized_height, top, plan.height));
    slice_rows(of_rows, plan);
    VIT_TRY_ASSIGN(const ResampleTable of_columns,
                   resample_table(p.filter, picture_width, resized_width, left, plan.width));
    group_columns(of_columns, plan);
    plan.columns_first = columns_first(p.filter, picture_width, picture_height, resized);
    const Size between =
        plan.columns_first ? Size{plan.read_width(), plan.height} : Size{plan.width, plan.rows_read};
    VIT_TRY(check_size(between.width, between.height,
                       picture + " halfway resized to " + size_text(between.width, between.height)));
    plan.between.resize(static_cast<std::size_t>(3 * between.width * between.height));
    return plan;
}

namespace {

// Where the crop sees nothing of the picture, the stage has left samples of zero.
void fill_padding(const PreprocessPlan &plan, float *pixels) {
    for (int c = 0; c < 3; c++) {
        for (int y = 0; y < plan.height; y++, pixels += plan.width) {
            const bool beside = y >= plan.top && y < plan.bottom;
            std::fill(pixels, pixels + (beside ? plan.left : plan.width), plan.fill[c]);
            if (beside) std::fill(pixels + plan.right, pixels + plan.width, plan.fill[c]);
        }
    }
}

// Can the stage read the picture where it lies? Its addresses are 32-bit offsets.
bool readable(const PreprocessPlan &plan, const ImageView &image) {
    return image.channels == 3 && image.order == ChannelOrder::rgb && image.channel_stride == 1 &&
           image.pixel_stride == 3 && image.width >= PreprocessPlan::group &&
           std::abs(image.row_stride) <= std::numeric_limits<std::int32_t>::max() / plan.rows_read;
}

const halide_type_t u8 = halide_type_of<std::uint8_t>(), i32 = halide_type_of<std::int32_t>();

// The plan's tables as the stages take them.
BufferView<1> columns(const PreprocessPlan &plan) {
    return BufferView<1>(plan.columns.data(), i32, {plan.width});
}

BufferView<4> column_weights(const PreprocessPlan &plan) {
    return BufferView<4>(plan.column_weights.data(), i32,
                         {3, PreprocessPlan::group, plan.groups, plan.width});
}

BufferView<1> rows(const PreprocessPlan &plan) {
    return BufferView<1>(plan.rows.data(), i32, {plan.height});
}

BufferView<2> row_weights(const PreprocessPlan &plan) {
    return BufferView<2>(plan.row_weights.data(), i32, {plan.taps, plan.height});
}

FloatView<2> levels(const PreprocessPlan &plan) {
    return FloatView<2>(plan.levels.data(), {256, 3});
}

// `count` rows of the picture from `first` on, as the stage reads them.
void copy_rows(const ImageView &image, PreprocessPlan &plan, int first, int count) {
    const std::size_t row_bytes = std::size_t{3} * plan.read_width();
    if (plan.copy.size() < row_bytes * count) plan.copy.resize(row_bytes * count);
    for (int y = 0; y < count; y++) {
        row_to_rgb(image, first + y, Alpha::over_white, plan.copy.data() + y * row_bytes);
    }
}

Result<void> run_rows_first(const PreprocessKernels &kernels, KernelContext &context, PreprocessPlan &plan,
                            const ImageView &image, float *pixels) {
    const int first = plan.first_row, end = plan.first_row + plan.rows_read;
    if (readable(plan, image)) {
        VIT_TRY(run_along_rows(kernels, context, plan, image.data + first * image.row_stride,
                               image.row_stride, first, plan.rows_read));
        return run_along_columns(kernels, context, plan, pixels);
    }
    const std::int64_t row_bytes = std::int64_t{3} * plan.read_width();
    const int most = rows_of_band(context, row_bytes);
    for (int y = first; y < end; y += most) {
        const int count = std::min(most, end - y);
        copy_rows(image, plan, y, count);
        VIT_TRY(run_along_rows(kernels, context, plan, plan.copy.data(), row_bytes, y, count));
    }
    return run_along_columns(kernels, context, plan, pixels);
}

Result<void> run_columns_first(const PreprocessKernels &kernels, KernelContext &context,
                               PreprocessPlan &plan, const ImageView &image, float *pixels) {
    const std::uint8_t *data = image.data + plan.first_row * image.row_stride;
    std::int64_t stride = image.row_stride;
    if (!readable(plan, image)) {
        copy_rows(image, plan, plan.first_row, plan.rows_read);
        data = plan.copy.data();
        stride = std::int64_t{3} * plan.read_width();
    }
    BufferView<3> picture(data, u8, {Dim{3, 1}, Dim{plan.read_width(), 3}, Dim{plan.rows_read, stride}});
    BufferView<3> between(plan.between.data(), u8, {3, plan.read_width(), plan.height});
    FloatView<3> out(pixels, {plan.width, plan.height, 3});
    VIT_TRY(context.check("preprocess", kernels.columns_first(
                                            &context, picture, columns(plan), column_weights(plan),
                                            rows(plan), row_weights(plan), levels(plan), between, out)));
    if (plan.filled) fill_padding(plan, pixels);
    return {};
}

}  // namespace

// A decoder of much detail, which finds the branches that it had learned forgotten each time, is not
// interrupted more often than that. Of 2^16 to 2^20 bytes the fastest for photographs.
int rows_of_band(KernelContext &context, std::int64_t row_bytes) {
    constexpr std::int64_t band_bytes = 1 << 19;
    const std::int64_t rows = band_bytes * context.pool().threads() / row_bytes;
    return static_cast<int>(std::clamp<std::int64_t>(rows, 1, max_picture_side));
}

Result<PreprocessKernels> PreprocessKernels::find(const Backend &backend) {
    PreprocessKernels kernels;
    VIT_TRY_ASSIGN(kernels.along_rows, backend.kernel("preprocess_along_rows"));
    VIT_TRY_ASSIGN(kernels.along_columns, backend.kernel("preprocess_along_columns"));
    VIT_TRY_ASSIGN(kernels.columns_first, backend.kernel("preprocess_columns_first"));
    return kernels;
}

Result<void> run_along_rows(const PreprocessKernels &kernels, KernelContext &context, PreprocessPlan &plan,
                            const std::uint8_t *rows, std::ptrdiff_t row_stride, int first, int count) {
    const int begin = std::max(first, plan.first_row);
    const int end = std::min(first + count, plan.first_row + plan.rows_read);
    if (begin >= end) {
        return {};
    }
    const std::int64_t width = plan.width;
    BufferView<3> picture(rows + (begin - first) * row_stride, u8,
                          {Dim{3, 1}, Dim{plan.read_width(), 3}, Dim{end - begin, row_stride}});
    BufferView<3> between(plan.between.data() + (begin - plan.first_row) * width, u8,
                          {Dim{plan.width, 1}, Dim{end - begin, width}, Dim{3, width * plan.rows_read}});
    return context.check("preprocess", kernels.along_rows(&context, picture, columns(plan),
                                                          column_weights(plan), between));
}

Result<void> run_along_columns(const PreprocessKernels &kernels, KernelContext &context,
                               const PreprocessPlan &plan, float *pixels) {
    BufferView<3> between(plan.between.data(), u8, {plan.width, plan.rows_read, 3});
    FloatView<3> out(pixels, {plan.width, plan.height, 3});
    VIT_TRY(context.check("preprocess", kernels.along_columns(&context, between, rows(plan),
                                                              row_weights(plan), levels(plan), out)));
    if (plan.filled) fill_padding(plan, pixels);
    return {};
}

Result<void> run_preprocess(const PreprocessKernels &kernels, KernelContext &context, PreprocessPlan &plan,
                            const ImageView &image, float *pixels) {
    VIT_TRY_ASSIGN(const ImageView view, checked_view(image));
    if (!plan.fits(view.width, view.height)) {
        return fail(ErrorCode::argument, "preprocess: a picture of " + size_text(view.width, view.height) +
                                             " with the plan of " +
                                             size_text(plan.picture_width, plan.picture_height));
    }
    const auto run = plan.columns_first ? run_columns_first : run_rows_first;
    return run(kernels, context, plan, view, pixels);
}

}  // namespace vit
