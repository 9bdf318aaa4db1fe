// Pillow's resampling along one axis of a picture, as tables of taps: which source samples an output sample
// is the weighted sum of. The weights are Pillow's 22-bit fixed point, so that the sum is an integer and
// comes out the same everywhere.
#pragma once

#include <cstdint>
#include <vector>

#include "preprocess/preprocessing.h"

namespace vit {

struct ResampleTable {
    static constexpr int precision = 22;  // 1 << precision is a weight of one
    // More than any size of a picture takes whose crop sees nothing else: for that, six a source sample.
    static constexpr std::int64_t most_weights = std::int64_t{1} << 23;

    int taps = 1;                     // of the output sample that has most
    std::vector<std::int32_t> first;  // [output]: index of the first source sample
    std::vector<std::int32_t>
        weights;  // [output, taps]: of source samples first, first + 1, ...; 0 behind the last one

    std::int32_t weight(int output, int tap) const {
        return weights[static_cast<std::size_t>(output) * taps + tap];
    }
};

// The taps of output samples begin <= i < begin + count out of 0 <= i < output, where `input` source samples
// are resized to `output`. Outside that range all weights are zero, so that samples of a crop beyond the
// picture come out as 0. Where input == output, or a filter is not used, every sample is its own source. 1
// <= input, output, count. Errors: unsupported, if it would have more than most_weights.
Result<ResampleTable> resample_table(Filter filter, int input, int output, int begin, int count);

}  // namespace vit
