#include "tests/cases/preprocess.h"

#include <algorithm>
#include <stdexcept>

#include "runtime/backend/buffer.h"
#include "tests/cases/comparison.h"

namespace vit::cases {

using reference::Picture;

namespace {

constexpr int guard = 64;            // bytes behind what a kernel may write
constexpr std::uint8_t blank = 0xaa;  // what is there before

PreprocessPlan plan_of(const Preprocessing &asked, const Picture &picture, Passes passes) {
    auto plan = plan_preprocess(asked, picture.width, picture.height);
    if (!plan) {
        throw std::runtime_error(plan.error().message);
    }
    if (plan->columns_first != (passes == Passes::columns_first)) {
        throw std::runtime_error("the passes come in the other order");
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

PreprocessCase::PreprocessCase(Passes passes, Picture picture, const Preprocessing &asked, int gap)
    : passes_(passes), picture_(std::move(picture)), asked_(asked),
      plan_(plan_of(asked, picture_, passes)), stride_(3 * picture_.width + gap),
      rows_(static_cast<std::size_t>(stride_) * picture_.height, 77),
      between_(plan_.between.size() + guard), pixels_(std::size_t{3} * plan_.width * plan_.height) {
    const std::size_t row = std::size_t{3} * picture_.width;
    for (int y = 0; y < picture_.height; y++) {
        std::copy_n(picture_.rgb.data() + row * y, row,
                    rows_.data() + static_cast<std::size_t>(stride_) * y);
    }
}

std::string PreprocessCase::kernel() const {
    return passes_ == Passes::along_rows      ? "preprocess_along_rows"
           : passes_ == Passes::along_columns ? "preprocess_along_columns"
                                              : "preprocess_columns_first";
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
    if (passes_ == Passes::columns_first) {
        BufferView<3> between(between_.data(), u8, {3, width, plan_.height});
        return kernel(in, columns, column_weights, rows, row_weights, levels, between, out);
    }
    BufferView<3> between(between_.data(), u8, {plan_.width, plan_.rows_read, 3});
    return passes_ == Passes::along_rows ? kernel(in, columns, column_weights, between)
                                         : kernel(between, rows, row_weights, levels, out);
}

void PreprocessCase::reset() {
    std::fill(between_.begin(), between_.end(), blank);
    if (passes_ == Passes::along_columns) {
        std::copy(first_pass().begin(), first_pass().end(), between_.begin());
    }
    pixels_.set(NAN);
}

const std::vector<std::uint8_t> &PreprocessCase::first_pass() {
    if (!expected_between_.empty()) {
        return expected_between_;
    }
    const Picture resized =
        reference::resize_rows(picture_, static_cast<int>(asked_.filter), asked_.width);
    const Picture cropped = reference::center_crop(resized, plan_.width, picture_.height);
    expected_between_.resize(plan_.between.size());
    for (std::size_t i = 0, c = 0; c < 3; c++) {
        for (int y = 0; y < plan_.rows_read; y++) {
            for (int x = 0; x < plan_.width; x++, i++) {
                expected_between_[i] = cropped.at(x, plan_.first_row + y, static_cast<int>(c));
            }
        }
    }
    return expected_between_;
}

std::string PreprocessCase::judge() {
    const bool guarded = std::all_of(between_.end() - guard, between_.end(),
                                     [](std::uint8_t sample) { return sample == blank; });
    const std::string outside = guarded ? "" : "written behind the first pass";
    if (passes_ == Passes::along_rows) {
        Comparison comparison("between");
        for (std::size_t i = 0; i < first_pass().size(); i++) {
            comparison.add({static_cast<int>(i)}, first_pass()[i], between_[i], 0);
        }
        return first_of({comparison.text(), outside});
    }
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
    return first_of({comparison.text(), pixels_.written_outside(), outside});
}

Work PreprocessCase::work() const {
    const double picture = static_cast<double>(picture_.rgb.size());
    const double between = static_cast<double>(plan_.between.size());
    const double pixels = 4 * static_cast<double>(pixels_.size());
    return {0, passes_ == Passes::along_rows      ? picture + between
               : passes_ == Passes::along_columns ? between + pixels
                                                  : picture + pixels};
}

}  // namespace vit::cases
