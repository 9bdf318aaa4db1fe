// The ceiling that a kernel's speed is measured against.
#pragma once

#include <string>

namespace command {

// Single-precision operations a second that `threads` threads reach together with fused multiply-adds (two
// operations each) on the widest vectors of this processor: independent chains in registers, no memory;
// more threads than processors count as that many.
// Takes a few tens of milliseconds, less than a processor's clock takes to wander: measure again beside each
// thing that is to be compared.
double measure_peak(int threads);

// The instructions that it uses: "AVX-512", "AVX2 and FMA", ...
std::string peak_instructions();

}  // namespace command
