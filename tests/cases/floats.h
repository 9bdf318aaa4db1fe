// Memory for a kernel's operands, as the product allocates it: huge pages where there are any.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "runtime/backend/memory.h"

namespace vit::cases {

// With a guard on either side: what is read from there is NaN, and what is written there is found.
class Floats {
public:
    explicit Floats(std::size_t count, float value = NAN) : count_(count) {
        auto memory = Memory::of_floats(count + 2 * guard);
        if (!memory) {
            throw std::bad_alloc();
        }
        memory_ = std::move(*memory);
        std::fill_n(data() - guard, guard, NAN);
        set(value);
        std::fill_n(data() + count, guard, NAN);
    }
    explicit Floats(const std::vector<float> &values) : Floats(values.size()) {
        std::copy(values.begin(), values.end(), data());
    }

    float *data() { return memory_.data() + guard; }
    const float *data() const { return memory_.data() + guard; }
    std::size_t size() const { return count_; }
    float &operator[](std::size_t i) { return data()[i]; }
    float operator[](std::size_t i) const { return data()[i]; }
    void set(float value) { std::fill_n(data(), count_, value); }

    // Empty if nothing was written before or past the values.
    std::string written_outside() const {
        for (std::size_t i = 0; i < guard; i++) {
            if (!std::isnan(data()[-1 - static_cast<std::ptrdiff_t>(i)])) {
                return "written " + std::to_string(i + 1) + " values before a buffer";
            }
            if (!std::isnan(data()[count_ + i])) {
                return "written " + std::to_string(i) + " values past a buffer";
            }
        }
        return {};
    }

private:
    static constexpr std::size_t guard = 4096;  // more than a panel of keys
    std::size_t count_;
    Memory memory_;
};

// Weights, in as many copies as a model has layers that a pass reads one after the other, so that none is in
// a cache when it is needed: within 256 MiB, which there surely is and no cache holds.
class ColdCopies {
public:
    ColdCopies(std::size_t floats, int layers)
        : floats_((floats + 31) / 32 * 32),
          count_(static_cast<int>(std::clamp<std::size_t>(
              most_bytes / sizeof(float) / std::max<std::size_t>(1, floats_), 1, std::max(1, layers)))),
          values_(floats_ * count_, 0) {}

    int count() const { return count_; }
    float *copy(int i) { return values_.data() + floats_ * (i % count_); }
    const float *first() const { return values_.data(); }
    // After the first copy has been filled.
    void repeat() {
        for (int i = 1; i < count_; i++) {
            std::memcpy(copy(i), first(), floats_ * sizeof(float));
        }
    }
    std::string written_outside() const { return values_.written_outside(); }

private:
    static constexpr std::size_t most_bytes = std::size_t{256} << 20;

    std::size_t floats_;
    int count_;
    Floats values_;
};

}  // namespace vit::cases
