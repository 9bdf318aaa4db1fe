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

    Matrix(int rows, int columns) : rows(rows), columns(columns), values(std::size_t(rows) * columns) {}
    Matrix(int rows, int columns, std::vector<double> values)
        : rows(rows), columns(columns), values(std::move(values)) {}

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
    Norm norm2;
    Linear fc1, fc2;  // [mlp_width, D], [D, mlp_width]
};

struct VisionTransformer {
    int channels, image_height, image_width, patch_height, patch_width, heads;
    double epsilon;
    bool gelu_tanh;

    std::vector<double> class_token;  // [D]
    Matrix positions;                 // [N + 1, D]
    Linear patch;                     // [D, C P P], a row's values in the order channel, y, x
    std::vector<Block> blocks;
    Norm norm;
    Linear head;  // [K, D]
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
    Matrix z = vit.positions;
    for (int c = 0; c < z.columns; c++) z.row(0)[c] += vit.class_token[c];
    for (int n = 0; n < embedded.rows; n++) {
        for (int c = 0; c < z.columns; c++) z.row(n + 1)[c] += embedded.row(n)[c];
    }
    return z;
}

// Equations 2 and 3.
inline void encode(const VisionTransformer &vit, const Block &block, Matrix &z) {
    Matrix y = apply(block.norm1, vit.epsilon, z);
    y = attention(apply(block.query, y), apply(block.key, y), apply(block.value, y), vit.heads);
    add(z, apply(block.proj, y));
    y = apply(block.fc1, apply(block.norm2, vit.epsilon, z));
    for (double &value : y.values) value = vit.gelu_tanh ? gelu_tanh(value) : gelu_erf(value);
    add(z, apply(block.fc2, y));
}

// Equation 4 and the classifier: pixels [C, H, W] -> logits [K].
inline std::vector<double> logits(const VisionTransformer &vit, const float *pixels) {
    Matrix z = embed(vit, pixels);
    for (const Block &block : vit.blocks) encode(vit, block, z);
    const Matrix class_token(1, z.columns, {z.row(0), z.row(1)});
    return apply(vit.head, apply(vit.norm, vit.epsilon, class_token)).values;
}

}  // namespace vit::reference
