// From what a checkpoint asks for and the size of a picture to what the compiled stage `preprocess` needs:
// sizes, tables and memory, made once for all pictures of that size.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "error.h"
#include "backend/kernel_context.h"
#include "backend/backend.h"
#include "preprocess/preprocessing.h"
#include "vit/vit.h"

namespace vit {

struct PreprocessPlan {
    static constexpr int group = 8;  // pixels that the stage takes at once (generators/preprocess.h)

    int picture_width = 0, picture_height = 0;
    int width = 0, height = 0;  // of the pixels that come out
    // What the stage reads: `rows_read` rows from `first_row` on, the others do not survive the crop.
    // Pictures narrower than a group are read from a copy that is a group wide.
    int first_row = 0, rows_read = 0;

    // Whether the picture is resized along its columns before it is along its rows.
    bool columns_first = false;
    int groups = 0;                            // of pixels that a resized pixel is made of
    std::vector<std::int32_t> columns;         // [x]: first pixel
    std::vector<std::int32_t> column_weights;  // [x, g, p, c]
    int taps = 0;                              // rows that a resized row is made of
    std::vector<std::int32_t> rows;            // [y]: first row, counted from first_row
    std::vector<std::int32_t> row_weights;     // [y, j]
    std::vector<float> levels;                 // [c, 256]: normalized value of a sample
    // After the first pass: [c, row read, x] or [y, picture's x, c].
    std::vector<std::uint8_t> between;
    // [row, x, c]: of pictures that the stage cannot read as they lie, a band or all rows that are read.
    std::vector<std::uint8_t> copy;

    // Where the crop sees the picture, and what it is to see elsewhere, if that is not black.
    bool filled = false;
    int top = 0, left = 0, bottom = 0, right = 0;
    std::array<float, 3> fill{};  // normalized

    bool fits(int w, int h) const { return w == picture_width && h == picture_height; }
    int read_width() const { return picture_width < group ? group : picture_width; }
};

// Sides of a picture that can be preprocessed: JPEG's limit is 65535, and tables grow with a side.
inline constexpr int max_picture_side = 1 << 20;

// Errors: argument for a picture of no size; unsupported for one beyond Image::max_pixels or
// max_picture_side, before or after resizing, or with tables beyond ResampleTable's; config for normalized
// values that are not finite; memory.
Result<PreprocessPlan> plan_preprocess(const Preprocessing &preprocessing, int width, int height);

// The passes, of which rows come first or columns (generators/preprocess.h).
struct PreprocessKernels {
    Kernel along_rows, along_columns, columns_first;

    // Errors: backend.
    static Result<PreprocessKernels> find(const Backend &backend);
};

// How many rows of so many bytes are to go into the first pass at once, at least one: they are still in the
// second-level caches of the threads when it reads them.
int rows_of_band(KernelContext &context, std::int64_t row_bytes);

// The first pass over some rows of a picture, if rows come first: `count` rows from the picture's row
// `first` on, RGB, plan.read_width() pixels each, row_stride bytes apart. With rows that the plan does not
// read, nothing is done. Errors: kernel.
Result<void> run_along_rows(const PreprocessKernels &kernels, KernelContext &context, PreprocessPlan &plan,
                            const std::uint8_t *rows, std::ptrdiff_t row_stride, int first, int count);

// The second pass, after the first over all rows that the plan reads -> pixels as below. Errors: kernel.
Result<void> run_along_columns(const PreprocessKernels &kernels, KernelContext &context,
                               const PreprocessPlan &plan, float *pixels);

// image, of the plan's size, with 1 to 4 channels and any strides -> pixels, float32 [3, plan.height,
// plan.width]. Grey is repeated and alpha laid over white, as in Image::from_pixels. Allocates for the first
// picture that is not interleaved RGB, or not at least a group wide, a band of it or, if columns come first,
// all rows that are read, and never again. Errors: argument, memory, kernel.
Result<void> run_preprocess(const PreprocessKernels &kernels, KernelContext &context, PreprocessPlan &plan,
                            const ImageView &image, float *pixels);

}  // namespace vit
