// The mean of one channel over some tokens.
#pragma once

namespace vit::reference {

// x is [t][c] with so many channels.
inline double mean(const float *x, int channels, int c, int first, int count) {
    double sum = 0;
    for (int t = first; t < first + count; t++) {
        sum += x[static_cast<long>(t) * channels + c];
    }
    return sum / count;
}

}  // namespace vit::reference
