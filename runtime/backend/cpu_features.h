// Can this processor run code compiled for a Halide target?
#pragma once

#include <functional>
#include <string>

namespace vit {

// From what a feature is called in a Halide target, to whether this processor has it and the operating
// system saves its registers (CPUID and XGETBV). Halide 21's own check takes what it does not know for
// present.
using HasFeature = std::function<bool(const std::string &)>;
bool processor_has(const std::string &feature);

// Empty if it can, else why not: another architecture, the first feature that is missing, or one that this
// library knows nothing of.
std::string unsupported_cpu(const std::string &target, const HasFeature &has = processor_has);

}  // namespace vit
