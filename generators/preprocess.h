// A picture resized as Pillow does it, to the bit, and normalized (Pillow's 22-bit fixed point, rows first, 8 bits between):
//   round(s)         = clamp((s + 2^21) >> 22, 0, 255)
//   across(x, y, c)  = round(sum_j picture(c, columns(x) + j, y) column_weights(j, x))
//   resized(x, y, c) = round(sum_j across(x, rows(y) + j, c) row_weights(j, y))
//   pixels(x, y, c)  = levels(resized(x, y, c), c)
// The sums are 32-bit integers, so any order of summation gives the same; they cannot overflow: the weights of a pixel add up
// to 2^22, and their absolute values to less than twice that for every filter.
//
// Pixels of a picture are interleaved, c fastest, so a row is taken as groups of 8 pixels = 24 neighbouring bytes, and the
// weights come three times each, so that a vector of bytes meets a vector of weights (j = 8 g + p):
//   sums(c, p, x, y) = sum_g picture(c, column(g, x) + p, y) column_weights(c, p, g, x)
// A group that would end beyond the picture's right edge begins 8 pixels before the edge instead; the weights stand where
// the pixels then are (runtime/preprocess_plan.cpp makes the tables).
#pragma once

#include "generators/dims.h"

namespace vit {

struct Preprocess {
    static constexpr int group = 8;  // pixels

    Halide::Var p{"p"};                   // pixel in a group
    Halide::Func sums{"sums"};            // [c, p, x, y]: of pixels p, 8 + p, ..., int32
    Halide::Func across{"across"};        // [x, y, c]: rows resized, uint8
    Halide::Func down{"down"};            // [x, y, c]: weighted sums of columns, int32
    Halide::Func resized{"resized"};      // [x, y, c]: uint8
    Halide::Func pixels{"pixels"};        // [x, y, c]: normalized, float32
    Halide::RDom g{}, j{};                // group of pixels, row

    // picture [c, x, y] uint8 of width x height pixels (width >= 8); columns [x], column_weights [c, p, g, x] of `groups`
    // groups; rows [y], row_weights [j, y] of `taps` rows; levels [level, c] float32.
    // Indices from the tables are clamped into the picture, so that nothing outside it can be read.
    Preprocess(Halide::Func picture, Halide::Expr width, Halide::Expr height, Halide::Func columns,
               Halide::Func column_weights, Halide::Expr groups, Halide::Func rows, Halide::Func row_weights,
               Halide::Expr taps, Halide::Func levels)
        : g(0, groups, "g"), j(0, taps, "j") {
        using namespace dims;
        using namespace Halide;

        const Expr column = clamp(columns(x) + g * group, 0, width - group);
        sums(c, p, x, y) = 0;
        sums(c, p, x, y) += cast<int>(picture(c, column + p, y)) * column_weights(c, p, g, x);

        Expr sum = sums(c, 0, x, y);
        for (int i = 1; i < group; i++) {
            sum += sums(c, i, x, y);
        }
        across(x, y, c) = round(sum);

        const Expr row = clamp(rows(y) + j, 0, height - 1);
        down(x, y, c) = 0;
        down(x, y, c) += cast<int>(across(x, row, c)) * row_weights(j, y);
        resized(x, y, c) = round(down(x, y, c));
        pixels(x, y, c) = levels(cast<int>(resized(x, y, c)), c);
    }

private:
    static Halide::Expr round(const Halide::Expr &sum) {
        return Halide::cast<std::uint8_t>(Halide::clamp((sum + (1 << 21)) >> 22, 0, 255));
    }
};

}  // namespace vit
