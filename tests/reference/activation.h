// The activations of an MLP by name. A gated one is that of its gate.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string_view>

#include "tests/reference/linear.h"

namespace vit::reference {

inline double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }

inline double (*activation(std::string_view name))(double) {
    if (name == "gelu_erf") return gelu_erf;
    if (name == "gelu_tanh") return gelu_tanh;
    if (name == "quick_gelu") return [](double z) { return z * sigmoid(1.702 * z); };
    if (name == "relu") return [](double z) { return z > 0 ? z : 0; };
    if (name == "silu" || name == "silu_gated") return [](double z) { return z * sigmoid(z); };
    if (name == "tanh") return [](double z) { return std::tanh(z); };
    throw std::logic_error("there is no activation of this name");
}

}  // namespace vit::reference
