// The golden models (tests/golden/make_models.py, make_families.py) and how close an answer has to come.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/npy.h"
#include "tests/support/source_directory.h"

namespace vit::test {

// The committed ones, and those in the directory that the environment variable VIT_GOLDEN_LARGE names.
inline std::vector<std::string> golden_directories(bool with_large = true) {
    const std::string golden = source_directory() + "/tests/golden";
    std::vector<std::string> roots{golden, golden + "/families"}, directories;
    const char *large = std::getenv("VIT_GOLDEN_LARGE");
    if (large && with_large) roots.push_back(large);
    for (const std::string &root : roots) {
        for (const auto &entry : std::filesystem::directory_iterator(root)) {
            if (std::filesystem::exists(entry.path() / "config.json")) directories.push_back(entry.path());
        }
    }
    std::sort(directories.begin(), directories.end());
    return directories;
}

inline std::string golden_name(const testing::TestParamInfo<std::string> &directory) {
    std::string name = std::filesystem::path(directory.param).filename();
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

// What the model's own library made of an input, and the arrays it was given.
struct Golden {
    explicit Golden(const std::string &directory)
        : pixels(read_npy(directory + "/pixels.npy")),
          logits(read_npy(directory + "/logits.npy")),
          picture(directory + "/picture.png"),
          picture_pixels(read_npy(directory + "/picture-pixels.npy")),
          picture_logits(read_npy(directory + "/picture-logits.npy")),
          picture_scores(read_npy(directory + "/picture-scores.npy")) {}

    int batch() const { return pixels.shape[0]; }
    int labels() const { return logits.shape[1]; }

    Npy pixels;   // [b, 3, height, width]
    Npy logits;   // [b, labels]
    std::string picture;
    Npy picture_pixels;  // [3, height, width]
    Npy picture_logits;  // [labels]
    Npy picture_scores;  // [labels]
};

inline double largest_magnitude(const float *values, int n) {
    double largest = 0;
    for (int i = 0; i < n; i++) largest = std::max(largest, std::abs(static_cast<double>(values[i])));
    return largest;
}

// What the project promises of whole models in float32: 2e-5 of an input's largest logit. PyTorch itself
// comes within a quarter of it, and what it must tell apart (the two GELUs, one epsilon from another)
// differs by more than twice as much; make_models.py checks both.
inline double logit_tolerance(const float *logits, int labels) {
    return 2e-5 * largest_magnitude(logits, labels);
}

// The indices of the k largest, best first; the lower index first among equals.
inline std::vector<int> largest_indices(const float *values, int n, int k) {
    std::vector<int> indices(n);
    std::iota(indices.begin(), indices.end(), 0);
    std::stable_sort(indices.begin(), indices.end(), [&](int a, int b) { return values[a] > values[b]; });
    indices.resize(std::min(n, k));
    return indices;
}

// One input's logits: none off by more than the tolerance, the five largest the same and in the same order.
inline void expect_logits(const float *found, const float *golden, int labels) {
    int worst = 0;
    const auto difference = [&](int i) { return std::abs(static_cast<double>(found[i]) - golden[i]); };
    for (int i = 1; i < labels; i++) {
        if (!(difference(i) <= difference(worst))) worst = i;  // NaN too
    }
    EXPECT_LE(difference(worst), logit_tolerance(golden, labels))
        << "label " << worst << " is " << found[worst] << ", should be " << golden[worst];
    EXPECT_EQ(largest_indices(found, labels, 5), largest_indices(golden, labels, 5));
}

}  // namespace vit::test
