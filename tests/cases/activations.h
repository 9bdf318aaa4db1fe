// What every activation of generators/activation.h is held against, by name.
#pragma once

#include <cmath>
#include <ostream>
#include <stdexcept>
#include <string>

#include "tests/cases/tolerance.h"
#include "tests/reference/linear.h"

namespace vit::cases {

struct KnownActivation {
    const char *name;
    double (*exact)(double);
    double slope;  // the steepest
    double error;  // relative to its argument
    bool gated = false;

    // How far f(z) may be off where z is.
    double tolerance(double z, double z_tolerance) const {
        return slope * z_tolerance + error * (std::abs(z) + z_tolerance);
    }
    // The same of f(gate) value, a product of two that are off.
    double gated_tolerance(double gate, double gate_tolerance, double value, double value_tolerance) const {
        const double factor = std::abs(exact(gate)), factor_tolerance = tolerance(gate, gate_tolerance);
        const double off = factor * value_tolerance + std::abs(value) * factor_tolerance +
                           factor_tolerance * value_tolerance;
        return off + tolerance::unit * (factor * std::abs(value) + off);
    }

    friend void PrintTo(const KnownActivation &activation, std::ostream *out) { *out << activation.name; }
};

inline constexpr KnownActivation known_activations[] = {
    {"gelu_erf", reference::gelu_erf, tolerance::gelu_slope, tolerance::gelu_error},
    {"gelu_tanh", reference::gelu_tanh, tolerance::gelu_slope, tolerance::gelu_error},
    {"quick_gelu", reference::quick_gelu, tolerance::silu_slope, tolerance::quick_gelu_error},
    {"relu", reference::relu, 1, 0},
    {"silu", reference::silu, tolerance::silu_slope, tolerance::silu_error},
    {"tanh", reference::tanh, 1, tolerance::tanh_error},
    {"silu_gated", reference::silu, tolerance::silu_slope, tolerance::silu_error, true},
};

inline const KnownActivation &known_activation(const std::string &name) {
    for (const KnownActivation &known : known_activations) {
        if (name == known.name) return known;
    }
    throw std::logic_error("tests/cases/activations.h has no " + name);
}

}  // namespace vit::cases
