// Values of tunables, as plain data.
#pragma once

#include <map>
#include <string>

namespace vit::autotune {

using Values = std::map<std::string, int>;  // of tunables, by name
using GeneratorParams = std::map<std::string, std::string>;

// "k_unroll=8 panels_per_task=4"
std::string text_of(const Values &values);

}  // namespace vit::autotune
