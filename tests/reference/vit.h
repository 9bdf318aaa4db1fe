// A whole Vision Transformer in plain loops, as the paper has it (Dosovitskiy et al. 2021, equations 1 to
// 8).
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/reference/linear.h"

namespace vit::reference {

struct Matrix {
    int rows, columns;
    std::vector<double> values;  // row by row

    Matrix(int its_rows, int its_columns)
        : rows(its_rows), columns(its_columns), values(std::size_t(rows) * columns) {}
    Matrix(int its_rows, int its_columns, std::vector<double> its_values)
        : rows(its_rows), columns(its_columns), values(std::move(its_values)) {}

    double *row(int r) { return &values[std::size_t(r) * columns]; }
    const double *row(int r) const { return &values[std::size_t(r) * columns]; }
};

struct Norm {
    std::vector<double> gamma, beta;  // [D]
};

struct Linear {
    Matrix weight;             // [outputs, inputs]
    std::vector<double> bias;  // [outputs], or empty
};

struct Block {
    Norm norm1;
    Linear query, key, value, proj;  // [D, D]
    std::vector<double> scale1;      // of what attention adds [D], or empty
    Norm norm2;
    Linear gate;      // [mlp_width, D], or of no rows
    Linear fc1, fc2;  // [mlp_width, D], [D, mlp_width]
    std::vector<double> scale2;  // of what the MLP adds [D], or empty
};

// What the classifier sees: the mean of some tokens.
struct Feature {
    int first, count;
};

struct VisionTransformer {
    int channels, image_height, image_width, patch_height, patch_width, heads;
    double epsilon;
    double (*activation)(double);  // of fc1, or of the gate

    Matrix prefix;        // the tokens before the patches [.., D]
    Matrix positions;     // of the last rows of the tokens, or of the first of the prefix and all patches
    int positioned;       // rows of positions that belong to the prefix, from its first token on
    Linear patch;         // [D, C P P], a row's values in the order channel, y, x
    std::vector<Block> blocks;
    Norm norm;
    bool norm_last;       // of the features, not of the tokens
    std::vector<Feature> features;
    bool head_of_each;
    std::vector<Linear> head;  // of all features side by side [K, features D], or one for each, averaged
};

inline Matrix apply(const Norm &norm, double epsilon, const Matrix &x) {
    Matrix y(x.rows, x.columns);
    for (int t = 0; t < x.rows; t++) {
        double mean = 0, variance = 0;
        for (int c = 0; c < x.columns; c++) mean += x.row(t)[c] / x.columns;
        for (int c = 0; c < x.columns; c++) variance += std::pow(x.row(t)[c] - mean, 2) / x.columns;
        for (int c = 0; c < x.columns; c++) {
            const double normalized = (x.row(t)[c] - mean) / std::sqrt(variance + epsilon);
            y.row(t)[c] = normalized * norm.gamma[c] + norm.beta[c];
        }
    }
    return y;
}

inline Matrix apply(const Linear &linear, const Matrix &x) {
    Matrix y(x.rows, linear.weight.rows);
    for (int t = 0; t < y.rows; t++) {
        for (int c = 0; c < y.columns; c++) {
            double sum = linear.bias.empty() ? 0 : linear.bias[c];
            for (int k = 0; k < x.columns; k++) sum += x.row(t)[k] * linear.weight.row(c)[k];
            y.row(t)[c] = sum;
        }
    }
    return y;
}

inline void add(Matrix &x, const Matrix &y) {
    for (std::size_t i = 0; i < x.values.size(); i++) x.values[i] += y.values[i];
}

// Equations 5 to 8, up to the product with U_msa: heads side by side.
inline Matrix attention(const Matrix &q, const Matrix &k, const Matrix &v, int heads) {
    Matrix context(q.rows, q.columns);
    const int head_size = q.columns / heads;
    std::vector<double> p(q.rows);
    for (int first = 0; first < q.columns; first += head_size) {  // of a head's channels
        for (int t = 0; t < q.rows; t++) {
            for (int s = 0; s < k.rows; s++) {
                p[s] = 0;
                for (int d = first; d < first + head_size; d++) p[s] += q.row(t)[d] * k.row(s)[d];
                p[s] /= std::sqrt(head_size);
            }
            const double peak = *std::max_element(p.begin(), p.end());
            double sum = 0;
            for (double &score : p) sum += score = std::exp(score - peak);
            for (int s = 0; s < k.rows; s++) {
                for (int d = first; d < first + head_size; d++) {
                    context.row(t)[d] += p[s] / sum * v.row(s)[d];
                }
            }
        }
    }
    return context;
}

// Equation 1: pixels [C, H, W] -> [N + 1, D].
inline Matrix embed(const VisionTransformer &vit, const float *pixels) {
    const int down = vit.image_height / vit.patch_height, across = vit.image_width / vit.patch_width;
    Matrix patches(down * across, vit.patch.weight.columns);
    for (int n = 0; n < patches.rows; n++) {
        double *value = patches.row(n);
        for (int c = 0; c < vit.channels; c++) {
            for (int y = n / across * vit.patch_height; y < (n / across + 1) * vit.patch_height; y++) {
                for (int x = n % across * vit.patch_width; x < (n % across + 1) * vit.patch_width; x++) {
                    *value++ = pixels[(std::size_t(c) * vit.image_height + y) * vit.image_width + x];
                }
            }
        }
    }
    const Matrix embedded = apply(vit.patch, patches);
    const int before = vit.prefix.rows;
    Matrix z(before + patches.rows, embedded.columns);
    for (int t = 0; t < z.rows; t++) {
        const double *token = t < before ? vit.prefix.row(t) : embedded.row(t - before);
        const double *position = t < vit.positioned ? vit.positions.row(t)
                                 : t < before       ? nullptr
                                                    : vit.positions.row(vit.positioned + t - before);
        for (int c = 0; c < z.columns; c++) z.row(t)[c] = token[c] + (position ? position[c] : 0);
    }
    return z;
}

// What a block adds, channel by channel.
inline void add_scaled(Matrix &z, Matrix y, const std::vector<double> &scale) {
    for (int t = 0; t < y.rows && !scale.empty(); t++) {
        for (int c = 0; c < y.columns; c++) y.row(t)[c] *= scale[c];
    }
    add(z, y);
}

// Equations 2 and 3.
inline void encode(const VisionTransformer &vit, const Block &block, Matrix &z) {
    Matrix y = apply(block.norm1, vit.epsilon, z);
    y = attention(apply(block.query, y), apply(block.key, y), apply(block.value, y), vit.heads);
    add_scaled(z, apply(block.proj, y), block.scale1);
    const Matrix x = apply(block.norm2, vit.epsilon, z);
    y = apply(block.fc1, x);
    if (block.gate.weight.rows == 0) {
        for (double &value : y.values) value = vit.activation(value);
    } else {
        const Matrix gate = apply(block.gate, x);
        for (std::size_t i = 0; i < y.values.size(); i++) y.values[i] *= vit.activation(gate.values[i]);
    }
    add_scaled(z, apply(block.fc2, y), block.scale2);
}

// The features, a row each.
inline Matrix pool(const VisionTransformer &vit, const Matrix &z) {
    Matrix pooled(static_cast<int>(vit.features.size()), z.columns);
    for (int f = 0; f < pooled.rows; f++) {
        const auto [first, count] = vit.features[f];
        for (int t = first; t < first + count; t++) {
            for (int c = 0; c < z.columns; c++) pooled.row(f)[c] += z.row(t)[c] / count;
        }
    }
    return pooled;
}

// Equation 4 and the classifier: pixels [C, H, W] -> logits [K].
inline std::vector<double> logits(const VisionTransformer &vit, const float *pixels) {
    Matrix z = embed(vit, pixels);
    for (const Block &block : vit.blocks) encode(vit, block, z);
    Matrix features = vit.norm_last ? apply(vit.norm, vit.epsilon, pool(vit, z))
                                    : pool(vit, apply(vit.norm, vit.epsilon, z));
    if (!vit.head_of_each) {
        const Matrix side_by_side(1, features.rows * features.columns, features.values);
        return apply(vit.head[0], side_by_side).values;
    }
    std::vector<double> mean(vit.head[0].weight.rows);
    for (int f = 0; f < features.rows; f++) {
        const Matrix one(1, features.columns, {features.row(f), features.row(f) + features.columns});
        const Matrix logits = apply(vit.head[f], one);
        for (std::size_t n = 0; n < mean.size(); n++) mean[n] += logits.values[n] / features.rows;
    }
    return mean;
}

}  // namespace vit::reference
