// Bits of headers, the highest of each byte first, as H.265 and AV1 have them. Beyond the end they are 0.
#pragma once

#include <cstdint>

#include "picture/picture.h"

namespace vit {

class Bits {
public:
    explicit Bits(Octets bytes) : bytes_(bytes) {}

    // At most 32.
    std::uint32_t read(int count) {
        std::uint32_t value = 0;
        for (int i = 0; i < count; i++, at_++) {
            const bool bit = at_ / 8 < bytes_.size() && bytes_[at_ / 8] >> (7 - at_ % 8) & 1;
            value = value << 1 | std::uint32_t(bit);
        }
        return value;
    }

    bool flag() { return read(1) != 0; }

    void skip(std::size_t count) { at_ += count; }

    // Exp-Golomb: as many zeros as there are bits behind the first one. 32 zeros or more mean no number.
    std::uint32_t golomb() {
        int zeros = 0;
        while (zeros < 32 && !flag()) zeros++;
        return zeros < 32 ? (std::uint32_t{1} << zeros) - 1 + read(zeros) : 0;
    }

private:
    Octets bytes_;
    std::size_t at_ = 0;
};

}  // namespace vit
