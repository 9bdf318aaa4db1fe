#include <stdexcept>

#include "runtime/backend/buffer.h"
#include "runtime/preprocess/preprocess_plan.h"
#include "apps/autotune/operands.h"
#include "apps/autotune/problem.h"

namespace vit::autotune {

namespace {

// A picture of a usual size, resized as most checkpoints ask for.
constexpr int picture_width = 640, picture_height = 480;

std::uint8_t rounded(std::int64_t sum) {
    return static_cast<std::uint8_t>(std::clamp<std::int64_t>((sum + (1 << 21)) >> 22, 0, 255));
}

// One picture whatever the batch: pictures are preprocessed one by one.
class PreprocessProblem : public Problem {
public:
    explicit PreprocessProblem(PreprocessPlan plan)
        : plan_(std::move(plan)), picture_(std::size_t{3} * picture_width * picture_height),
          pixels_(std::size_t{3} * plan_.width * plan_.height) {
        Random random;
        for (std::uint8_t &sample : picture_) {
            sample = static_cast<std::uint8_t>(random.below(256));
        }
        generator = "preprocess";
        params["order"] = plan_.columns_first ? "columns_first" : "rows_first";
        flop = 0;  // integers
        extents = {{Of::rows, {plan_.height, std::size_t{3} * plan_.width * (sizeof(float) + 1)}}};
    }

    int call(const CalledKernel &kernel, int) override {
        constexpr int group = PreprocessPlan::group;
        const halide_type_t u8 = halide_type_of<std::uint8_t>(), i32 = halide_type_of<std::int32_t>();
        const int width = plan_.read_width();
        BufferView<3> picture(source(), u8, {Dim{3, 1}, Dim{width, 3}, Dim{plan_.rows_read, 3 * width}});
        BufferView<1> columns(plan_.columns.data(), i32, {plan_.width});
        BufferView<4> column_weights(plan_.column_weights.data(), i32,
                                     {3, group, plan_.groups, plan_.width});
        BufferView<1> rows(plan_.rows.data(), i32, {plan_.height});
        BufferView<2> row_weights(plan_.row_weights.data(), i32, {plan_.taps, plan_.height});
        FloatView<2> levels(plan_.levels.data(), {256, 3});
        FloatView<3> pixels(pixels_.data(), {plan_.width, plan_.height, 3});
        BufferView<3> columns_between(plan_.between.data(), u8, {3, width, plan_.height});
        BufferView<3> rows_between(plan_.between.data(), u8, {plan_.width, plan_.rows_read, 3});
        halide_buffer_t *ps = picture, *cs = columns, *cws = column_weights, *rs = rows, *rws = row_weights,
                        *ls = levels, *out = pixels,
                        *between = plan_.columns_first ? columns_between : rows_between;
        return kernel(ps, cs, cws, rs, rws, ls, between, out);
    }

    void reset() override {
        std::fill(plan_.between.begin(), plan_.between.end(), 0xaa);
        pixels_.set(unwritten);
    }

    // Integers: every value has to be the same.
    std::string judge() override {
        if (expected_.empty()) {
            expect();
        }
        Verdict verdict("pixels");
        for (std::size_t i = 0; i < expected_.size(); i++) {
            verdict.compare(expected_[i], pixels_[i], 0);
        }
        return verdict.text();
    }

private:
    const std::uint8_t *source() const {
        return picture_.data() + static_cast<std::size_t>(plan_.first_row) * 3 * picture_width;
    }

    // The two sums at (x, y) of sample(x, y, c).
    template<typename Sample>
    std::uint8_t along_row(int x, int y, int c, Sample sample) const {
        std::int64_t sum = 0;
        for (int i = 0; i < plan_.groups * PreprocessPlan::group; i++) {
            const int g = i / PreprocessPlan::group, p = i % PreprocessPlan::group;
            const int column = std::clamp(plan_.columns[x] + g * PreprocessPlan::group, 0,
                                          plan_.read_width() - PreprocessPlan::group);
            const std::size_t weight =
                ((static_cast<std::size_t>(x) * plan_.groups + g) * PreprocessPlan::group + p) * 3 + c;
            sum += std::int64_t{plan_.column_weights[weight]} * sample(column + p, y, c);
        }
        return rounded(sum);
    }
    template<typename Sample>
    std::uint8_t down_column(int x, int y, int c, Sample sample) const {
        std::int64_t sum = 0;
        for (int j = 0; j < plan_.taps; j++) {
            const int row = std::clamp(plan_.rows[y] + j, 0, plan_.rows_read - 1);
            sum += std::int64_t{plan_.row_weights[static_cast<std::size_t>(y) * plan_.taps + j]} *
                   sample(x, row, c);
        }
        return rounded(sum);
    }

    void expect() {
        const auto picture = [&](int x, int y, int c) {
            return source()[(static_cast<std::size_t>(y) * picture_width + x) * 3 + c];
        };
        const int columns = plan_.columns_first ? picture_width : plan_.width;
        const int rows = plan_.columns_first ? plan_.height : plan_.rows_read;
        std::vector<std::uint8_t> between(std::size_t{3} * columns * rows);  // [c, x, y]
        const auto halfway = [&](int x, int y, int c) -> std::uint8_t & {
            return between[(static_cast<std::size_t>(y) * columns + x) * 3 + c];
        };
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                for (int c = 0; c < 3; c++) {
                    halfway(x, y, c) =
                        plan_.columns_first ? down_column(x, y, c, picture) : along_row(x, y, c, picture);
                }
            }
        }
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < plan_.height; y++) {
                for (int x = 0; x < plan_.width; x++) {
                    const int level =
                        plan_.columns_first ? along_row(x, y, c, halfway) : down_column(x, y, c, halfway);
                    expected_.push_back(plan_.levels[static_cast<std::size_t>(c) * 256 + level]);
                }
            }
        }
    }

    PreprocessPlan plan_;
    std::vector<std::uint8_t> picture_;  // [c, x, y]
    Floats pixels_;                      // [x, y, c]
    std::vector<float> expected_;        // likewise
};

}  // namespace

std::unique_ptr<Problem> preprocess_problem(const Shape &shape, const Blocks &) {
    Preprocessing preprocessing;
    preprocessing.width = shape.architecture.image_width;
    preprocessing.height = shape.architecture.image_height;
    auto plan = plan_preprocess(preprocessing, picture_width, picture_height);
    if (!plan) {
        throw std::runtime_error(plan.error().message);
    }
    return std::make_unique<PreprocessProblem>(std::move(*plan));
}

}  // namespace vit::autotune
