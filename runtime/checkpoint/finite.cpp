#include "checkpoint/finite.h"

#include <cstring>

namespace vit {

namespace {

// A value is finite unless all bits of its exponent are set. Adding the exponent's lowest bit to the
// exponent alone then carries into the sign's place, which the mask has cleared, and nothing else does.
template<typename Bits, Bits exponent>
struct Scan {
    static constexpr Bits lowest = exponent & static_cast<Bits>(~exponent + 1);
    static constexpr Bits sign = static_cast<Bits>(exponent + lowest);
    // A page: a constant, so that the loop vectorizes at -O2.
    static constexpr int block = 4096 / sizeof(Bits);

    static Bits carry(Bits value) { return static_cast<Bits>((value & exponent) + lowest); }

    static std::int64_t first(const unsigned char *values, std::int64_t count) {
        std::int64_t start = 0;
        for (; start + block <= count; start += block) {
            Bits bits[block], carries = 0;
            std::memcpy(bits, values + start * sizeof(Bits), sizeof bits);  // whatever the alignment
            for (int i = 0; i < block; i++) carries |= carry(bits[i]);
            if (carries & sign) break;
        }
        for (std::int64_t i = start; i < count; i++) {
            Bits bits;
            std::memcpy(&bits, values + i * sizeof(Bits), sizeof bits);
            if (carry(bits) & sign) return i;
        }
        return -1;
    }
};

}  // namespace

std::int64_t first_non_finite(const void *values, DType dtype, std::int64_t count) {
    const auto *bytes = static_cast<const unsigned char *>(values);
    switch (dtype) {
    case DType::f32: return Scan<std::uint32_t, 0x7F800000>::first(bytes, count);
    case DType::f16: return Scan<std::uint16_t, 0x7C00>::first(bytes, count);
    case DType::bf16: return Scan<std::uint16_t, 0x7F80>::first(bytes, count);
    }
    return -1;
}

}  // namespace vit
