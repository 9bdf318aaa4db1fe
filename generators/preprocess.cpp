#include "generators/preprocess.h"

#include <optional>

#include "schedules/preprocess.h"

namespace vit {

namespace {

template<typename Buffer1, typename Buffer4>
void bound_columns(Buffer1 &columns, Buffer4 &column_weights, const Halide::Expr &width) {
    columns.dim(0).set_bounds(0, width);
    column_weights.dim(0).set_bounds(0, 3);
    column_weights.dim(1).set_bounds(0, Across::group).set_stride(3);
    column_weights.dim(2).set_min(0).set_stride(3 * Across::group);
    column_weights.dim(3).set_bounds(0, width);
}

template<typename Buffer1, typename Buffer2>
void bound_rows(Buffer1 &rows, Buffer2 &row_weights, const Halide::Expr &height) {
    rows.dim(0).set_bounds(0, height);
    row_weights.dim(0).set_min(0);
    row_weights.dim(1).set_bounds(0, height);
}

template<typename Buffer3>
void bound_picture(Buffer3 &picture) {
    picture.dim(0).set_bounds(0, 3);
    picture.dim(1).set_min(0).set_stride(3);
    picture.dim(2).set_min(0);
}

template<typename Buffer2, typename Buffer3>
void bound_pixels(Buffer2 &levels, Buffer3 &pixels) {
    levels.dim(0).set_bounds(0, 256);
    levels.dim(1).set_bounds(0, 3);
    pixels.dim(0).set_min(0);
    pixels.dim(1).set_min(0);
    pixels.dim(2).set_bounds(0, 3);
}

}  // namespace

class PreprocessAlongRowsGenerator : public Halide::Generator<PreprocessAlongRowsGenerator> {
public:
    PreprocessTuning tuning;

    Input<Buffer<std::uint8_t, 3>> picture{"picture"};                // [c, x, y], rows of any stride
    Input<Buffer<std::int32_t, 1>> columns{"columns"};                // [x]
    Input<Buffer<std::int32_t, 4>> column_weights{"column_weights"};  // [c, p, g, x]
    Output<Buffer<std::uint8_t, 3>> between{"between"};               // [x, picture's y, c] of any stride

    void generate() {
        stage.emplace(picture, picture.dim(1).extent(), columns, column_weights,
                      column_weights.dim(2).extent());
        between = stage->between;
        bound_picture(picture);
        bound_columns(columns, column_weights, between.dim(0).extent());
        between.dim(0).set_min(0);
        between.dim(1).set_bounds(0, picture.dim(2).extent());
        between.dim(2).set_bounds(0, 3);
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<PreprocessAlongRows> stage;
};

class PreprocessAlongColumnsGenerator : public Halide::Generator<PreprocessAlongColumnsGenerator> {
public:
    PreprocessTuning tuning;

    Input<Buffer<std::uint8_t, 3>> between{"between"};          // [x, picture's y, c]
    Input<Buffer<std::int32_t, 1>> rows{"rows"};                // [y]
    Input<Buffer<std::int32_t, 2>> row_weights{"row_weights"};  // [j, y]
    Input<Buffer<float, 2>> levels{"levels"};                   // [level, c]
    Output<Buffer<float, 3>> pixels{"pixels"};                  // [x, y, c]

    void generate() {
        stage.emplace(between, between.dim(1).extent(), rows, row_weights, row_weights.dim(0).extent(),
                      levels);
        pixels = stage->pixels;
        between.dim(0).set_bounds(0, pixels.dim(0).extent());
        between.dim(1).set_min(0);
        between.dim(2).set_bounds(0, 3);
        bound_rows(rows, row_weights, pixels.dim(1).extent());
        bound_pixels(levels, pixels);
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<PreprocessAlongColumns> stage;
};

class PreprocessColumnsFirstGenerator : public Halide::Generator<PreprocessColumnsFirstGenerator> {
public:
    PreprocessTuning tuning;

    Input<Buffer<std::uint8_t, 3>> picture{"picture"};                // [c, x, y], rows of any stride
    Input<Buffer<std::int32_t, 1>> columns{"columns"};                // [x]
    Input<Buffer<std::int32_t, 4>> column_weights{"column_weights"};  // [c, p, g, x]
    Input<Buffer<std::int32_t, 1>> rows{"rows"};                      // [y]
    Input<Buffer<std::int32_t, 2>> row_weights{"row_weights"};        // [j, y]
    Input<Buffer<float, 2>> levels{"levels"};                         // [level, c]
    Output<Buffer<std::uint8_t, 3>> between{"between"};  // [c, picture's x, y]: memory to work in
    Output<Buffer<float, 3>> pixels{"pixels"};           // [x, y, c]

    void generate() {
        stage.emplace(picture, picture.dim(1).extent(), picture.dim(2).extent(), columns, column_weights,
                      column_weights.dim(2).extent(), rows, row_weights, row_weights.dim(0).extent(),
                      levels);
        between = stage->between;
        pixels = stage->pixels;
        bound_picture(picture);
        bound_columns(columns, column_weights, pixels.dim(0).extent());
        bound_rows(rows, row_weights, pixels.dim(1).extent());
        between.dim(0).set_bounds(0, 3);
        between.dim(1).set_bounds(0, picture.dim(1).extent()).set_stride(3);
        between.dim(2).set_bounds(0, pixels.dim(1).extent());
        bound_pixels(levels, pixels);
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<PreprocessColumnsFirst> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::PreprocessAlongRowsGenerator, preprocess_along_rows)
HALIDE_REGISTER_GENERATOR(vit::PreprocessAlongColumnsGenerator, preprocess_along_columns)
HALIDE_REGISTER_GENERATOR(vit::PreprocessColumnsFirstGenerator, preprocess_columns_first)
