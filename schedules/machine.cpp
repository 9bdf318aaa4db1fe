#include "schedules/machine.h"

namespace vit {

using Halide::Target;

Machine machine_of(const Target &target) {
    // A work item of a GPU. Halide 21 makes loads of 128 bits, the widest there are, of four lanes of CUDA,
    // and eight loads of eight. OpenCL's vectors have up to 16 lanes, whatever becomes of them.
    if (target.has_feature(Target::CUDA)) {
        return {4, 16, true, false, false, 4};
    }
    if (target.has_gpu_feature()) {
        return {4, 16, true, false, false, 16};
    }
    if (target.arch == Target::X86) {
        if (target.has_feature(Target::AVX512)) {
            return {16, 32, true, false, true, 16};
        }
        if (target.has_feature(Target::AVX)) {
            return {8, 16, target.has_feature(Target::FMA), false, target.has_feature(Target::F16C), 8};
        }
        return {4, 16, false, false, false, 4};
    }
    if (target.arch == Target::ARM && target.bits == 64) {
        return {4, 32, true, true, target.has_feature(Target::ARMFp16), 4};
    }
    const int lanes = target.natural_vector_size<float>();
    return {lanes, 16, true, false, false, lanes};
}

// x86 multiplies neighbours and adds the products: two of 16 bits (vpmaddwd, or vpdpwssd where VNNI is),
// four of 8 (vpdpbusd), the left factors without a sign. Arm's smlal takes one of 16 bits, by lane; its sdot
// four of 8, with a sign.
FixedPoint fixed_point_of(const std::string &precision, const Target &target) {
    using Halide::Int;
    const bool arm = target.arch == Target::ARM;
    const bool vnni =  // which Halide 21 makes nothing of on AVX2
        target.features_any_of({Target::AVX512_Zen4, Target::AVX512_SapphireRapids});
    if (precision == "i8") {
        const int lowest = arm ? -128 : 0;
        return {Halide::UInt(8), arm ? Int(8) : Halide::UInt(8), Int(8), lowest, lowest + 255, 127, 4, true,
                arm ? target.has_feature(Target::ARMDotProd) : vnni};
    }
    _halide_user_assert(precision == "i16") << "no precision is called " << precision << "\n";
    return {Int(16), Int(16), Int(16), -2047, 2047, 2047, arm ? 1 : 2, false, arm || vnni};
}

// The register tile token_tile x (panel / lanes) holds the accumulators. It needs at least latency x units
// of them to keep the multiply-adds busy (4 x 2 on Zen 3 and Skylake, 4 x 4 on recent Arm cores), panel /
// lanes registers for a row of weights and one for the broadcast; and the more square it is, the fewer loads
// a multiply-add needs.
//   16 registers: 6 x 2 = 12 accumulators + 2 + 1 = 15, and one for a product that is not fused
//   32 registers: 11 x 2 = 22 accumulators + 2 + 1 = 25, and 197 tokens fill 18 tiles but for one row.
//                 12 x 2 pads them to 204, which cost 3 % of all products; 8 x 3 pads heads and labels to
//                 48 channels.
//   32 registers and products by lane: a row's factors come as a vector,
//                 8 x 2 = 16 accumulators + 8 + 8 = 32; 12 x 2 spilled
Layout LayoutParams::resolve(const Target &target) const {
    const Machine machine = machine_of(target);
    const int rows = machine.registers < 32 ? 6 : machine.by_lane ? 8 : 11;
    Layout layout{machine.lanes, rows, 2 * machine.lanes, fixed_point_of("i16", target).step};
    if (target.has_gpu_feature()) {
        layout.token_tile = 8;
        layout.panel = 8 * machine.lanes;
    }
    if (lanes) {
        layout.lanes = lanes;
        layout.panel = 2 * lanes;
    }
    if (token_tile) {
        layout.token_tile = token_tile;
    }
    if (panel) {
        layout.panel = panel;
    }
    _halide_user_assert(layout.panel % layout.lanes == 0)
        << "panel " << layout.panel << " is no multiple of lanes " << layout.lanes << "\n";
    return layout;
}

}  // namespace vit
