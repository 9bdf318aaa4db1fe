#include "generators/preprocess.h"

#include <optional>

#include "schedules/preprocess.h"

namespace vit {

class PreprocessGenerator : public Halide::Generator<PreprocessGenerator> {
public:
    GeneratorParam<PassOrder> order{"order", PassOrder::rows_first,
                                    {{"rows_first", PassOrder::rows_first},
                                     {"columns_first", PassOrder::columns_first}}};
    PreprocessTuning tuning;

    Input<Buffer<std::uint8_t, 3>> picture{"picture"};                // [c, x, y], rows of any stride
    Input<Buffer<std::int32_t, 1>> columns{"columns"};                // [x]
    Input<Buffer<std::int32_t, 4>> column_weights{"column_weights"};  // [c, p, g, x]
    Input<Buffer<std::int32_t, 1>> rows{"rows"};                      // [y]
    Input<Buffer<std::int32_t, 2>> row_weights{"row_weights"};        // [j, y]
    Input<Buffer<float, 2>> levels{"levels"};                         // [level, c]
    // Memory to work in: [x, picture's y, c] or [c, picture's x, y].
    Output<Buffer<std::uint8_t, 3>> between{"between"};
    Output<Buffer<float, 3>> pixels{"pixels"};  // [x, y, c]

    void generate() {
        stage.emplace(picture, picture.dim(1).extent(), picture.dim(2).extent(), columns, column_weights,
                      column_weights.dim(2).extent(), rows, row_weights, row_weights.dim(0).extent(), levels,
                      order);
        between = stage->between;
        pixels = stage->pixels;

        const Expr width = pixels.dim(0).extent(), height = pixels.dim(1).extent();
        picture.dim(0).set_bounds(0, 3);
        picture.dim(1).set_min(0).set_stride(3);
        picture.dim(2).set_min(0);
        columns.dim(0).set_bounds(0, width);
        column_weights.dim(0).set_bounds(0, 3);
        column_weights.dim(1).set_bounds(0, Preprocess::group).set_stride(3);
        column_weights.dim(2).set_min(0).set_stride(3 * Preprocess::group);
        column_weights.dim(3).set_bounds(0, width);
        rows.dim(0).set_bounds(0, height);
        row_weights.dim(0).set_min(0);
        row_weights.dim(1).set_bounds(0, height);
        levels.dim(0).set_bounds(0, 256);
        levels.dim(1).set_bounds(0, 3);
        if (order == PassOrder::rows_first) {
            between.dim(0).set_bounds(0, width);
            between.dim(1).set_bounds(0, picture.dim(2).extent());
            between.dim(2).set_bounds(0, 3);
        } else {
            between.dim(0).set_bounds(0, 3);
            between.dim(1).set_bounds(0, picture.dim(1).extent()).set_stride(3);
            between.dim(2).set_bounds(0, height);
        }
        pixels.dim(0).set_min(0);
        pixels.dim(1).set_min(0);
        pixels.dim(2).set_bounds(0, 3);
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<Preprocess> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::PreprocessGenerator, preprocess)
