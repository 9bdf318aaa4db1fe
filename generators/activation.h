// Pointwise functions on float32.
#pragma once

#include "Halide.h"

namespace vit {

// The larger and the smaller of x and a bound, and x itself where it is not a number. Halide's max and min
// leave that open, and x86 then takes the second operand; the strict ones keep their order. Arm's
// instructions keep what is not a number wherever it stands, CUDA compares and selects. OpenCL leaves it
// open again (NVIDIA's takes the bound, PoCL x), so there x is looked at: its bits, since strict comparisons
// of vectors are beyond Halide 21.
inline Halide::Expr not_a_number_or(Halide::Expr x, Halide::Internal::Call::IntrinsicOp strict,
                                    float bound) {
    using namespace Halide;
    const Expr bounded = Internal::Call::make(x.type(), strict, {bound, x}, Internal::Call::PureIntrinsic);
    const Expr magnitude = reinterpret<std::uint32_t>(x) & Expr(0x7fffffffu);
    return select(target_has_feature(Target::OpenCL) && magnitude > Expr(0x7f800000u), x, bounded);
}

inline Halide::Expr at_least(Halide::Expr x, float bound) {
    return not_a_number_or(x, Halide::Internal::Call::strict_max, bound);
}

inline Halide::Expr at_most(Halide::Expr x, float bound) {
    return not_a_number_or(x, Halide::Internal::Call::strict_min, bound);
}

// x = n ln 2 + r with |r| <= ln 2 / 2, for -87 <= x <= 0 (e^-87, 1.6e-38, is still a normal number), to
// which others are clamped: softmax never asks for more. What is not a number stays so. ln 2 is split in two
// so that n ln 2 is exact in its leading part (Cody and Waite); strict_float keeps the compiler from joining
// the two again, which would cost 2 bits at -87, and 6 where multiply and add do not fuse.
struct NonpositiveExponent {
    Halide::Expr n, r;

    explicit NonpositiveExponent(Halide::Expr x) {
        using namespace Halide;
        x = at_least(at_most(x, 0.0f), -87.0f);
        n = round(x * 1.44269504088896341f);
        r = strict_float((x - n * 0.693145751953125f) - n * 1.428606765330187e-6f);
    }

    // (e^r - 1) / r by the Taylor polynomial of degree 6, of e^r below 2^-27 off.
    Halide::Expr series() const {
        Halide::Expr p = 1.0f / 5040;
        for (float factorial : {720.0f, 120.0f, 24.0f, 6.0f, 2.0f, 1.0f}) {
            p = p * r + 1.0f / factorial;
        }
        return p;
    }

    // 2^n through the exponent bits.
    Halide::Expr power() const {
        using namespace Halide;
        return reinterpret<float>((cast<int>(n) + 127) << 23);
    }
};

// e^x for x <= 0, e^-87 for x <= -87.
inline Halide::Expr exp_nonpositive(Halide::Expr x) {
    const NonpositiveExponent e(x);
    return (e.series() * e.r + 1.0f) * e.power();
}

// e^x - 1 for x <= 0, which does not cancel: where x is small, n is zero, and where it is not, 2^n - 1 is
// exact and at most -1/2. The sum is strict, or the compiler would take 2^n out of it, and cancel.
inline Halide::Expr expm1_nonpositive(Halide::Expr x) {
    using namespace Halide::Internal;
    const NonpositiveExponent e(x);
    return Call::make(x.type(), Call::strict_add, {e.series() * e.r * e.power(), e.power() - 1.0f},
                      Call::PureIntrinsic);
}

// 2^x for -126 <= x <= 0 (2^-126 is the smallest normal number), 0 for x <= -127, something between these in
// between. x = n + r with |r| <= 1 / 2, both exact; 2^r by the polynomial of degree 5 with the least largest
// relative error (9.1e-8) among those with 2^0 = 1: at -127 its bits cancel those of n. Its bound is
// Halide's own max: a kernel with at_least in it takes maxima over the lanes of a vector one by one, as
// attention does after every tile of scores.
inline Halide::Expr exp2_nonpositive(Halide::Expr x) {
    using namespace Halide;
    x = max(x, -127.0f);
    const Expr n = round(x);
    const Expr r = x - n;
    Expr p = 0.001326472730f;
    for (float coefficient : {0.009671512991f, 0.055507335812f, 0.240222424269f, 0.693147003651f, 1.0f}) {
        p = p * r + coefficient;
    }
    return reinterpret<float>(reinterpret<std::int32_t>(p) + (cast<std::int32_t>(n) << 23));
}

// The distribution function of the standard normal, Phi(z) = 1 / 2 + z P(z^2) / Q(z^2), both polynomials
// of degree 5 with the least largest error (5.5e-9) on [0, 5.4]; beyond, Phi is 1 to within 3.4e-8. One
// division; Halide's erf needs two, and cost fc1 of ViT-B/16 4 % of its time. Phi(-z) = 2^p(z), p of
// degree 7, divides nothing, and cost fc1 of ViT-Ti/16 4 to 8 % of its time on Zen 3. In i8, where products
// are short, z P(z^2) of degree 15, 5e-5 off, would save fc1 of ViT-B/16 2 % on Zen 5, and to have no
// activation at all 5 %.
inline Halide::Expr normal_cdf(Halide::Expr z) {
    using namespace Halide;
    z = clamp(z, -5.4f, 5.4f);
    const Expr u = z * z;
    Expr p = 2.338672388e-8f, q = 1.216591245e-6f;
    for (float coefficient :
         {6.360027795e-6f, 1.643222536e-4f, 4.650854629e-3f, 3.337227902e-2f, 3.989422454e-1f}) {
        p = p * u + coefficient;
    }
    for (float coefficient : {7.240038465e-5f, 1.858984646e-3f, 2.837871722e-2f, 2.503179871e-1f, 1.0f}) {
        q = q * u + coefficient;
    }
    return z * p / q + 0.5f;
}

// GELU(z) = z Phi(z), Phi by the error function.
inline Halide::Expr gelu_erf(Halide::Expr z) {
    return z * normal_cdf(z);
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

// z Phi(z) with the logistic function in the place of Phi (Hendrycks and Gimpel 2016).
inline Halide::Expr quick_gelu(Halide::Expr z) {
    return z * sigmoid(1.702f * z);
}

inline Halide::Expr silu(Halide::Expr z) {
    return z * sigmoid(z);
}

// (1 - e^(-2 |z|)) / (1 + e^(-2 |z|)) with the sign of z; 1 - e^.. would cancel next to zero.
inline Halide::Expr tanh(Halide::Expr z) {
    const Halide::Expr m = expm1_nonpositive(-2.0f * Halide::abs(z));
    return Halide::select(z < 0, m, -m) / (2.0f + m);
}

inline Halide::Expr relu(Halide::Expr z) {
    return at_least(z, 0.0f);
}

// What may follow a linear layer, by the names of generators/kernels.cmake.
struct NamedActivation {
    const char *name;
    Halide::Expr (*function)(Halide::Expr);
    bool gated = false;  // then it is function(gate) value
};

inline constexpr NamedActivation activations[] = {
    {"gelu_erf", gelu_erf},
    {"gelu_tanh", gelu_tanh},
    {"quick_gelu", quick_gelu},
    {"relu", relu},
    {"silu", silu},
    {"tanh", tanh},
    {"silu_gated", silu, true},
};

}  // namespace vit
