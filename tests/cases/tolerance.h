// How far float32 arithmetic may be from exact arithmetic. Formulas, of which each stage's case composes its
// own; none is fitted.
#pragma once

#include <algorithm>
#include <cmath>

namespace vit::tolerance {

// The most by which one correctly rounded operation is off, relative to its result.
inline constexpr double unit = 0x1p-24;

// A float32 sum of n products, in any order, fused or not, is off by at most this times the sum of their
// magnitudes. The worst case is n unit (Higham 2002, section 3.1). Roundings whose mean is zero given those
// before them grow with the square root: lambda sqrt(n) unit holds with a probability of 1 - 2
// exp(-lambda^2 / 2) for every partial sum (Higham and Mary 2019, theorem 2.4), which is 1 - 3e-8 for
// lambda = 6.
inline double sum_error(double n) { return unit * std::min(n, 6 * std::sqrt(n)); }

// exp_nonpositive and exp2_nonpositive, relative to their results. A polynomial's own error
// (generators/activation.h), the rounding of its coefficients and of its last steps:
// tests/activation_test.cpp shows that it stays below this.
inline constexpr double exp_error = 2 * unit;
inline constexpr double exp2_error = 4 * unit;

// A quotient or reciprocal square root, relative to its result: Halide lets the compiler refine an
// estimate, to 2 ulp.
inline constexpr double quotient_error = 4 * unit;

// The logistic function by exp_nonpositive, relative to its result: e^x and 1 + e^x are both off, then
// comes a quotient.
inline constexpr double sigmoid_error = 2 * exp_error + unit + quotient_error;

// expm1_nonpositive, relative to its result: its polynomial as in exp_error, which is less than the result,
// and a rounding of its sum with 2^n - 1.
inline constexpr double expm1_error = exp_error + unit;

// m / (2 + m) by expm1_nonpositive, relative to its result: at most twice the relative error of m, a
// rounding of 2 + m and a quotient.
inline constexpr double tanh_error = 2 * expm1_error + unit + quotient_error;

// z sigmoid(z), relative to its argument: the logistic function is at most one. In quick_gelu its argument
// 1.702 z is off by two roundings; its slope times its argument is at most 0.224.
inline constexpr double silu_error = sigmoid_error + unit;
inline constexpr double quick_gelu_error = silu_error + 2 * 0.224 * unit;

// The steepest slope of z sigmoid(a z), whatever a is: sigmoid(u) + u sigmoid'(u) is 1.0998 at u = 2.4.
inline constexpr double silu_slope = 1.1;

// GELU in either form, relative to its argument (next to zero the result is small but Phi is not better
// known). The error function and the logistic are known to a few units, and tests/activation_test.cpp shows
// that it is less than this.
inline constexpr double gelu_error = 4 * unit;

// The steepest slope of GELU, at z = sqrt(2): Phi(z) + z phi(z) = 1.129.
inline constexpr double gelu_slope = 1.13;

// A linear layer in fixed point, relative to its magnitude. Each group's sum of whole numbers is rounded to
// float32 and multiplied by the group's scale, its offset by the sum of weights; then these, the bias and a
// residual are added, after the product with the weights' scale.
inline double fixed_error(int groups, int terms) { return sum_error(groups * terms + 2) + 2 * unit; }

// The range that a group is quantized over, relative to itself: a sum of two extremes, its quotient by the
// levels, and the offset's product and difference.
inline constexpr double range_error = 4 * unit;

// Where a value falls, in steps, relative to the number of steps: the difference from the lowest, the
// inverse of a step and their product; and what it stands for by terms as far off as range_error.
inline constexpr double step_error = quotient_error + 2 * unit + range_error;

}  // namespace vit::tolerance
