// A picture resized as Pillow does it, to the bit, and normalized. Pillow resizes along rows and along
// columns one after the other, in 22-bit fixed point, and rounds to 8 bits in between, so the order can be
// seen:
//   round(s)          = clamp((s + 2^21) >> 22, 0, 255)
//   rows_first
//   between(x, y, c)  = round(sum_i picture(c, columns(x) + i, y) column_weights(i, x))
//   pixels(x, y, c)   = levels(round(sum_j between(x, rows(y) + j, c) row_weights(j, y)), c)
//   columns_first
//   between(c, x, y)  = round(sum_j picture(c, x, rows(y) + j) row_weights(j, y))
//   pixels(x, y, c)   = levels(round(sum_i between(c, columns(x) + i, y) column_weights(i, x)), c)
// The sums are 32-bit integers, so any order of summation gives the same; they cannot overflow: the weights
// of a pixel add up to 2^22, and their absolute values to less than twice that for every filter.
//
// Where pixels are interleaved, c fastest, a row is taken as groups of 8 pixels = 24 neighbouring bytes, and
// the weights come three times each, so that a vector of bytes meets a vector of weights (i = 8 g + p):
//   across(c, p, x, y) = sum_g picture(c, column(g, x) + p, y) column_weights(c, p, g, x)
// A group that would end beyond the right edge begins 8 pixels before the edge instead; the weights stand
// where the pixels then are (runtime/preprocess/preprocess_plan.cpp makes the tables).
#pragma once

#include "generators/dims.h"

namespace vit {

enum class PassOrder { rows_first,
                       columns_first };

struct Preprocess {
    static constexpr int group = 8;  // pixels

    PassOrder order;
    Halide::Var p{"p"};               // pixel in a group
    Halide::Func across{"across"};    // [c, p, x, y] int32: sums of pixels p, 8 + p, ... of a row
    Halide::Func down{"down"};        // int32: sums of a column, [x, y, c] or [c, picture's x, y]
    Halide::Func between{"between"};  // uint8: first pass done, [x, picture's y, c] or [c, picture's x, y]
    Halide::Func pixels{"pixels"};    // [x, y, c] float32: normalized
    Halide::RDom g, j;                // group of pixels, row

    // picture [c, x, y] uint8 of width x height pixels (width >= 8); columns [x], column_weights [c, p, g,
    // x] of `groups` groups; rows [y], row_weights [j, y] of `taps` rows; levels [level, c] float32. Indices
    // from the tables are clamped into the picture, so that nothing outside it can be read.
    Preprocess(Halide::Func picture, Halide::Expr width, Halide::Expr height, Halide::Func columns,
               Halide::Func column_weights, Halide::Expr groups, Halide::Func rows, Halide::Func row_weights,
               Halide::Expr taps, Halide::Func levels, PassOrder order)
        : order(order), g(0, groups, "g"), j(0, taps, "j") {
        using namespace dims;
        using namespace Halide;

        Func source = order == PassOrder::rows_first ? picture : between;  // of the sums along rows
        const Expr column = clamp(columns(x) + g * group, 0, width - group);
        const Expr row = clamp(rows(y) + j, 0, height - 1);

        if (order == PassOrder::columns_first) {
            down(c, x, y) = 0;
            down(c, x, y) += cast<int>(picture(c, x, row)) * row_weights(j, y);
            between(c, x, y) = round(down(c, x, y));
        }
        across(c, p, x, y) = 0;
        across(c, p, x, y) += cast<int>(source(c, column + p, y)) * column_weights(c, p, g, x);
        Expr sum = across(c, 0, x, y);
        for (int i = 1; i < group; i++) {
            sum += across(c, i, x, y);
        }
        if (order == PassOrder::rows_first) {
            between(x, y, c) = round(sum);
            down(x, y, c) = 0;
            down(x, y, c) += cast<int>(between(x, row, c)) * row_weights(j, y);
            sum = down(x, y, c);
        }
        pixels(x, y, c) = levels(cast<int>(round(sum)), c);
    }

private:
    static Halide::Expr round(const Halide::Expr &sum) {
        return Halide::cast<std::uint8_t>(Halide::clamp((sum + (1 << 21)) >> 22, 0, 255));
    }
};

}  // namespace vit
