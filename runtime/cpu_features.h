// Can this processor run code compiled for a Halide target?
#pragma once

#include <string>

namespace vit {

// Empty if it can, else the first feature that is missing, as a reason. Asks the processor and the operating
// system itself (CPUID and XGETBV): Halide 21's own check takes features it does not know for present.
std::string unsupported_cpu(const char *target);

}  // namespace vit
