// Comparing many values at once, with one report of the worst.
#pragma once

#include <cmath>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace vit::test {

// Collects pairs of values; in its destructor it fails the test if one of them is further apart than its
// tolerance, or if the tolerances are not small against the values, in which case the comparison would show
// nothing.
class Comparison {
public:
    explicit Comparison(std::string what)
        : what_(std::move(what)) {}
    Comparison(const Comparison &) = delete;
    Comparison &operator=(const Comparison &) = delete;

    void add(std::initializer_list<int> index, double expected, double actual, double tolerance) {
        count_++;
        signal_ += expected * expected;
        noise_ += tolerance * tolerance;
        const double error = std::abs(actual - expected);
        const bool within = error <= tolerance;  // not so for NaN
        failures_ += !within;
        const double share = std::isnan(error) ? HUGE_VAL
                             : tolerance > 0   ? error / tolerance
                             : error > 0       ? HUGE_VAL
                                               : 0;
        if (share > worst_ || count_ == 1) {
            worst_ = share;
            index_ = index;
            expected_ = expected;
            actual_ = actual;
            tolerance_ = tolerance;
        }
    }

    // The largest error seen, as a share of its tolerance.
    double worst() const { return worst_; }

    ~Comparison() {
        EXPECT_GT(count_, 0) << what_ << ": nothing was compared";
        EXPECT_LE(10 * std::sqrt(noise_), std::sqrt(signal_)) << what_ << ": the tolerance hides the signal";
        std::string at;
        for (const int i : index_) at += (at.empty() ? "" : ", ") + std::to_string(i);
        EXPECT_EQ(failures_, 0) << what_ << ": of " << count_ << " values, the worst at (" << at
                                << "): expected " << expected_ << ", actual " << actual_ << ", off by "
                                << std::abs(actual_ - expected_) << ", tolerance " << tolerance_;
    }

private:
    std::string what_;
    long count_ = 0, failures_ = 0;
    double signal_ = 0, noise_ = 0, worst_ = 0;
    std::vector<int> index_;
    double expected_ = 0, actual_ = 0, tolerance_ = 0;
};

}  // namespace vit::test
