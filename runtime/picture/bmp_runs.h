// Run lengths of BMP, of 4 and 8 bits.
#pragma once

#include "picture/picture.h"

namespace vit {

// More pixels than that the runs cannot stand for.
std::uint64_t bmp_runs_hold(Octets runs);

// Runs -> indices [height, width], the first row first; what no run draws stays as it is. False where the
// runs end before both the last pixel and their own end.
bool decode_bmp_runs(Octets runs, bool of_4_bits, int width, int height, std::uint8_t *indices);

}  // namespace vit
