// Pointwise functions on float32.
#pragma once

#include "Halide.h"

namespace vit {

// e^x for x <= 0, clamped to x >= -87 (where the result, 1.6e-38, is still a normal number): softmax never asks for
// more. x = n ln 2 + r with |r| <= ln 2 / 2, e^r by its Taylor polynomial of degree 6 (truncation below 2^-25 of the result),
// 2^n through the exponent bits. ln 2 is split in two so that n ln 2 is exact in its leading part (Cody and Waite).
inline Halide::Expr exp_nonpositive(Halide::Expr x) {
    using namespace Halide;
    x = clamp(x, -87.0f, 0.0f);
    const Expr n = round(x * 1.44269504088896341f);
    const Expr r = (x - n * 0.693145751953125f) - n * 1.428606765330187e-6f;
    Expr p = 1.0f / 720;
    for (float factorial : {120.0f, 24.0f, 6.0f, 2.0f, 1.0f, 1.0f}) {
        p = p * r + 1.0f / factorial;
    }
    return p * reinterpret<float>((cast<int>(n) + 127) << 23);
}

// GELU(z) = z Phi(z), Phi by the error function.
inline Halide::Expr gelu_erf(Halide::Expr z) {
    return z * (0.5f + 0.5f * Halide::erf(z * 0.70710678118654752f));
}

// 1 / (1 + e^-x), from the side on which e^.. cannot overflow.
inline Halide::Expr sigmoid(Halide::Expr x) {
    const Halide::Expr e = exp_nonpositive(-Halide::abs(x));
    return Halide::select(x < 0, e, 1.0f) / (1.0f + e);
}

// z / 2 (1 + tanh(u)) = z sigmoid(2 u): Halide's tanh calls the C library for every element.
inline Halide::Expr gelu_tanh(Halide::Expr z) {
    return z * sigmoid(z * (1.5957691216057308f + 0.071354816272260025f * z * z));
}

}  // namespace vit
