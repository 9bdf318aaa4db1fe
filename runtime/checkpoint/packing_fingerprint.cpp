#include "checkpoint/packing_fingerprint.h"

#include <algorithm>

#include "checkpoint/checksum.h"
#include "checkpoint/random_checkpoint.h"
#include "network/weights.h"

namespace vit {

namespace {

// Sizes that no block divides, so that every pad has a place.
Architecture small_relative_of(Architecture a) {
    a.name = "relative";
    a.image_height = 7, a.image_width = 10;
    a.patch_height = 2, a.patch_width = 3;
    a.width = 10, a.depth = 2, a.heads = 2, a.mlp_width = 19, a.labels = 5;
    a.prefix.registers = std::min(a.prefix.registers, 2);
    a.prefix.positioned = std::min(a.prefix.positioned, a.prefix.tokens());
    return a;
}

}  // namespace

Result<std::uint64_t> packing_fingerprint(const Architecture &architecture, const Layout &blocks,
                                          Precision precision, const PackKernels &kernels,
                                          KernelContext &context) {
    const Architecture small = small_relative_of(architecture);
    VIT_TRY_ASSIGN(const Checkpoint checkpoint, random_checkpoint(small, 1));
    VIT_TRY_ASSIGN(const Weights weights,
                   Weights::pack(checkpoint, Geometry(small, blocks, precision), kernels, context));
    return checksum(weights.memory.data<void>(), weights.memory.bytes());
}

}  // namespace vit
