// A stage at one shape in a backend's blocks: its operands, the call of its kernel, what it has to answer by
// tests/reference, how far it may be from that, and how much work it is. The stage's test, its bench and the
// autotuner share it.
#pragma once

#include <initializer_list>
#include <string>

#include "tests/cases/called_kernel.h"

namespace vit::cases {

// Random values, or integers with which float32 is exact in any order.
enum class Operands { random,
                      integers };

// What one call has to do: of true tokens and channels, pads do not count. Bytes are those of every operand
// once, as if caches were endless.
struct Work {
    double flop;  // 0 where a stage moves or resamples integers, of which the peak says nothing
    double bytes;
    double step = 1;  // products that an instruction adds where one of float32 adds one
};

class Case {
public:
    Case() = default;
    virtual ~Case() = default;
    Case(const Case &) = delete;
    Case &operator=(const Case &) = delete;

    // As generators/kernels.cmake names it.
    virtual std::string kernel() const = 0;
    // Of the weights, as many as a pass through a model reads one after the other.
    virtual int copies() const { return 1; }
    // What the kernel returned, called with one copy of the weights. Throws what the kernel does.
    virtual int call(const CalledKernel &kernel, int copy) = 0;
    // Sets the outputs to NaN, and what is both read and written to its first value.
    virtual void reset() = 0;
    // Of one call after reset: empty if all it wrote is right, else what is wrong.
    virtual std::string judge() = 0;
    virtual Work work() const = 0;

protected:
    // The first sentence that there is.
    static std::string first_of(std::initializer_list<std::string> sentences) {
        for (const std::string &sentence : sentences) {
            if (!sentence.empty()) {
                return sentence;
            }
        }
        return {};
    }
};

}  // namespace vit::cases
