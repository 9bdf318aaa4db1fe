#include "tests/cases/pool.h"

#include <cmath>

#include "tests/cases/comparison.h"
#include "tests/cases/tolerance.h"
#include "tests/reference/pool.h"

namespace vit::cases {

using namespace tolerance;

PoolCase::PoolCase(const PoolShape &shape, const Layout &blocks, Operands operands, Random &random)
    : shape_(shape), operands_(operands), x_(blocks, shape.tokens, shape.channels, shape.batch),
      pooled_(blocks, features(), shape.channels, shape.batch) {
    const std::size_t values = static_cast<std::size_t>(shape.batch) * shape.tokens * shape.channels;
    rows_ = operands == Operands::random ? random.uniforms(values, -1, 2) : random.integers(values, -8, 8);
    x_.fill(rows_, garbage, 0);
    for (const TokenRange &range : shape.ranges) {
        ranges_.insert(ranges_.end(), {range.first, range.count});
    }
}

int PoolCase::call(const CalledKernel &kernel, int) {
    BufferView<2> ranges(ranges_.data(), halide_type_of<std::int32_t>(), {2, features()});
    return kernel(x_.view_of_images(), ranges, pooled_.view_of_images());
}

std::string PoolCase::judge() {
    Comparison comparison("pooled");
    std::vector<float> magnitudes;
    for (const float value : rows_) magnitudes.push_back(std::abs(value));
    const std::size_t image = static_cast<std::size_t>(shape_.tokens) * shape_.channels;
    for (int b = 0; b < shape_.batch; b++) {
        for (int f = 0; f < features(); f++) {
            const auto [first, count] = shape_.ranges[f];
            for (int c = 0; c < shape_.channels; c++) {
                const double exact = reference::mean(&rows_[b * image], shape_.channels, c, first, count);
                const double magnitude =
                    reference::mean(&magnitudes[b * image], shape_.channels, c, first, count);
                double error = (sum_error(count - 1) + (count > 1 ? quotient_error : 0)) * magnitude;
                // Sums of integers are exact; a mean of a power of two of them is, too, and one token is
                // what it was.
                if (operands_ == Operands::integers) {
                    const bool whole = (count & (count - 1)) == 0;
                    error = whole ? 0 : quotient_error * std::abs(exact);
                }
                comparison.add({b, f, c}, exact, pooled_.at(b, f, c), error);
            }
        }
    }
    return first_of({comparison.text(), pooled_.not_finite(), pooled_.pads_not_zero(), wrong_pads(),
                     x_.values.written_outside(), pooled_.values.written_outside()});
}

// Features that there are none of are zero.
std::string PoolCase::wrong_pads() const {
    for (int b = 0; b < shape_.batch; b++) {
        for (int f = features(); f < pooled_.padded_tokens(); f++) {
            for (int c = 0; c < pooled_.padded_channels(); c++) {
                if (pooled_.at(b, f, c) != 0) {
                    return "pad (" + std::to_string(c) + ", " + std::to_string(f) + ", " +
                           std::to_string(b) + ") is " + std::to_string(pooled_.at(b, f, c));
                }
            }
        }
    }
    return {};
}

Work PoolCase::work() const {
    double values = 0;
    for (const TokenRange &range : shape_.ranges) {
        values += static_cast<double>(shape_.batch) * range.count * shape_.channels;
    }
    return {values, 4 * (values + static_cast<double>(shape_.batch) * features() * shape_.channels)};
}

}  // namespace vit::cases
