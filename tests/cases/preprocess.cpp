#include "tests/cases/preprocess.h"

#include <algorithm>
#include <stdexcept>

#include "runtime/backend/buffer.h"
#include "tests/cases/comparison.h"

namespace vit::cases {

using reference::Picture;

namespace {

PreprocessPlan plan_of(const Preprocessing &asked, const Picture &picture) {
    auto plan = plan_preprocess(asked, picture.width, picture.height);
    if (!plan) {
        throw std::runtime_error(plan.error().message);
    }
    return std::move(*plan);
}

}  // namespace

Picture random_picture(int width, int height, Random &random) {
    Picture picture(width, height);
    const bool extreme = random.integer(0, 1) == 1;
    for (std::uint8_t &sample : picture.rgb) {
        sample = static_cast<std::uint8_t>(extreme ? 255 * random.integer(0, 1) : random.integer(0, 255));
    }
    return picture;
}

std::vector<float> preprocessed(const Picture &picture, const Preprocessing &asked) {
    Picture out =
        reference::resize(picture, static_cast<int>(asked.filter), asked.width, asked.height);
    if (asked.do_center_crop) {
        out = reference::center_crop(out, asked.crop_width, asked.crop_height);
    }
    return reference::normalize(out, asked.rescale_factor, asked.mean.data(), asked.std.data());
}

PreprocessCase::PreprocessCase(Picture picture, const Preprocessing &asked, int gap)
    : picture_(std::move(picture)), asked_(asked), plan_(plan_of(asked, picture_)),
      stride_(3 * picture_.width + gap), rows_(static_cast<std::size_t>(stride_) * picture_.height, 77),
      pixels_(std::size_t{3} * plan_.width * plan_.height) {
    const std::size_t row = std::size_t{3} * picture_.width;
    for (int y = 0; y < picture_.height; y++) {
        std::copy_n(picture_.rgb.data() + row * y, row,
                    rows_.data() + static_cast<std::size_t>(stride_) * y);
    }
}

int PreprocessCase::call(const CalledKernel &kernel, int) {
    const halide_type_t u8 = halide_type_of<std::uint8_t>(), i32 = halide_type_of<std::int32_t>();
    const int width = picture_.width, group = PreprocessPlan::group;
    BufferView<3> in(rows_.data() + static_cast<std::size_t>(stride_) * plan_.first_row, u8,
                     {Dim{3, 1}, Dim{width, 3}, Dim{plan_.rows_read, stride_}});
    BufferView<1> columns(plan_.columns.data(), i32, {plan_.width});
    BufferView<4> column_weights(plan_.column_weights.data(), i32, {3, group, plan_.groups, plan_.width});
    BufferView<1> rows(plan_.rows.data(), i32, {plan_.height});
    BufferView<2> row_weights(plan_.row_weights.data(), i32, {plan_.taps, plan_.height});
    FloatView<2> levels(plan_.levels.data(), {256, 3});
    FloatView<3> out(pixels_.data(), {plan_.width, plan_.height, 3});
    if (plan_.columns_first) {
        BufferView<3> between(plan_.between.data(), u8, {3, width, plan_.height});
        return kernel(in, columns, column_weights, rows, row_weights, levels, between, out);
    }
    BufferView<3> between(plan_.between.data(), u8, {plan_.width, plan_.rows_read, 3});
    return kernel(in, columns, column_weights, rows, row_weights, levels, between, out);
}

void PreprocessCase::reset() {
    std::fill(plan_.between.begin(), plan_.between.end(), 0xaa);
    pixels_.set(NAN);
}

std::string PreprocessCase::judge() {
    if (expected_.empty()) {
        expected_ = preprocessed(picture_, asked_);
    }
    if (expected_.size() != pixels_.size()) {
        return "the plan has " + std::to_string(pixels_.size()) + " values, the reference " +
               std::to_string(expected_.size());
    }
    Comparison comparison("pixels");
    for (std::size_t i = 0; i < expected_.size(); i++) {
        comparison.add({static_cast<int>(i)}, expected_[i], pixels_[i], 0);
    }
    return first_of({comparison.text(), pixels_.written_outside()});
}

Work PreprocessCase::work() const {
    return {0, static_cast<double>(picture_.rgb.size()) + 4 * static_cast<double>(pixels_.size())};
}

}  // namespace vit::cases
