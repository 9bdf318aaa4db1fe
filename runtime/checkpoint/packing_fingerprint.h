// What tells a packed file of this library from one whose weights are packed in another way.
#pragma once

#include "network/packing.h"

namespace vit {

// The checksum of what packing makes of a small model of the same kind: made-up weights, with the slots and
// the folds of the architecture. Whatever changes in packing changes it; there is no number to forget.
// Errors: memory, kernel.
Result<std::uint64_t> packing_fingerprint(const Architecture &architecture, const Layout &blocks,
                                          Precision precision,
                                          const PackKernels &kernels, KernelContext &context);

}  // namespace vit
