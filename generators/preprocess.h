// A picture resized as Pillow does it, to the bit, and normalized. Pillow resizes along rows and along
// columns one after the other, in 22-bit fixed point, and rounds to 8 bits in between, so the order can be
// seen:
//   rounded(s)        = clamp((s + 2^21) >> 22, 0, 255)
//   rows_first
//   between(x, y, c)  = rounded(sum_i picture(c, columns(x) + i, y) column_weights(i, x))
//   pixels(x, y, c)   = levels(rounded(sum_j between(x, rows(y) + j, c) row_weights(j, y)), c)
//   columns_first
//   between(c, x, y)  = rounded(sum_j picture(c, x, rows(y) + j) row_weights(j, y))
//   pixels(x, y, c)   = levels(rounded(sum_i between(c, columns(x) + i, y) column_weights(i, x)), c)
// The sums are 32-bit integers, so any order of summation gives the same; they cannot overflow: the weights
// of a pixel add up to 2^22, and their absolute values to less than twice that for every filter.
//
// Where pixels are interleaved, c fastest, a row is taken as groups of 8 pixels = 24 neighbouring bytes, and
// the weights come three times each, so that a vector of bytes meets a vector of weights (i = 8 g + p):
//   across(c, p, x, y) = sum_g picture(c, column(g, x) + p, y) column_weights(c, p, g, x)
// A group that would end beyond the right edge begins 8 pixels before the edge instead; the weights stand
// where the pixels then are (runtime/preprocess/preprocess_plan.cpp makes the tables).
//
// Rows first, the passes are stages of their own: the first may take the rows of a picture as they are
// decoded.
#pragma once

#include "generators/dims.h"

namespace vit {

// Sums along rows, of a picture or of what the pass along columns has left.
struct Across {
    static constexpr int group = 8;  // pixels

    Halide::Var p{"p"};             // pixel in a group
    Halide::Func across{"across"};  // [c, p, x, y] int32: sums of pixels p, 8 + p, ... of a row
    Halide::RDom g;                 // group of pixels

    Across() = default;
    // source [c, x, y] uint8, rows of `width` pixels (width >= 8); columns [x], column_weights [c, p, g, x]
    // of `groups` groups. Columns are clamped into the row, so that nothing outside it can be read.
    Across(Halide::Func source, Halide::Expr width, Halide::Func columns, Halide::Func column_weights,
           Halide::Expr groups)
        : g(0, groups, "g") {
        using namespace dims;
        const Halide::Expr column = clamp(columns(x) + g * group, 0, width - group);
        across(c, p, x, y) = 0;
        across(c, p, x, y) += Halide::cast<int>(source(c, column + p, y)) * column_weights(c, p, g, x);
    }

    // Of pixel x, y and channel c.
    Halide::Expr sum() const {
        using namespace dims;
        Halide::Expr sum = across(c, 0, x, y);
        for (int i = 1; i < group; i++) {
            sum += across(c, i, x, y);
        }
        return sum;
    }
};

inline Halide::Expr rounded(const Halide::Expr &sum) {
    return Halide::cast<std::uint8_t>(Halide::clamp((sum + (1 << 21)) >> 22, 0, 255));
}

// Rows first, the first pass: of any number of rows, each by itself.
struct PreprocessAlongRows {
    Across along;
    Halide::Func between{"between"};  // [x, picture's y, c] uint8

    // As for Across.
    PreprocessAlongRows(Halide::Func picture, Halide::Expr width, Halide::Func columns,
                        Halide::Func column_weights, Halide::Expr groups)
        : along(picture, width, columns, column_weights, groups) {
        using namespace dims;
        between(x, y, c) = rounded(along.sum());
    }
};

// Rows first, the second pass.
struct PreprocessAlongColumns {
    Halide::Func down{"down"};      // [x, y, c] int32: sums of a column
    Halide::Func pixels{"pixels"};  // [x, y, c] float32: normalized
    Halide::RDom j;                 // row

    // between [x, picture's y, c] uint8 of `height` rows; rows [y], row_weights [j, y] of `taps` rows;
    // levels [level, c] float32. Rows are clamped into the picture.
    PreprocessAlongColumns(Halide::Func between, Halide::Expr height, Halide::Func rows,
                           Halide::Func row_weights, Halide::Expr taps, Halide::Func levels)
        : j(0, taps, "j") {
        using namespace dims;
        using namespace Halide;
        const Expr row = clamp(rows(y) + j, 0, height - 1);
        down(x, y, c) = 0;
        down(x, y, c) += cast<int>(between(x, row, c)) * row_weights(j, y);
        pixels(x, y, c) = levels(cast<int>(rounded(down(x, y, c))), c);
    }
};

// Columns first, both passes.
struct PreprocessColumnsFirst {
    Halide::Func down{"down"};        // [c, picture's x, y] int32: sums of a column
    Halide::Func between{"between"};  // [c, picture's x, y] uint8
    Halide::RDom j;                   // row
    Across along;                     // of `between`
    Halide::Func pixels{"pixels"};    // [x, y, c] float32: normalized

    // Operands as above.
    PreprocessColumnsFirst(Halide::Func picture, Halide::Expr width, Halide::Expr height,
                           Halide::Func columns, Halide::Func column_weights, Halide::Expr groups,
                           Halide::Func rows, Halide::Func row_weights, Halide::Expr taps,
                           Halide::Func levels)
        : j(0, taps, "j") {
        using namespace dims;
        using namespace Halide;
        const Expr row = clamp(rows(y) + j, 0, height - 1);
        down(c, x, y) = 0;
        down(c, x, y) += cast<int>(picture(c, x, row)) * row_weights(j, y);
        between(c, x, y) = rounded(down(c, x, y));
        along = Across(between, width, columns, column_weights, groups);
        pixels(x, y, c) = levels(cast<int>(rounded(along.sum())), c);
    }
};

}  // namespace vit
