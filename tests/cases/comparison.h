// Comparing many values at once, with one sentence about the worst.
#pragma once

#include <cmath>
#include <initializer_list>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace vit::cases {

class Comparison {
public:
    explicit Comparison(std::string what) : what_(std::move(what)) {}

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

    // Empty if all values are within their tolerances, and these are small against the values: otherwise the
    // comparison would show nothing.
    std::string text() const {
        std::ostringstream text;
        text.precision(9);
        if (count_ == 0) {
            text << what_ << ": nothing was compared";
        } else if (failures_ > 0) {
            text << what_ << ": of " << count_ << " values " << failures_ << " are wrong, the worst at (";
            for (std::size_t i = 0; i < index_.size(); i++) {
                text << (i ? ", " : "") << index_[i];
            }
            text << "): expected " << expected_ << ", actual " << actual_ << ", off by "
                 << std::abs(actual_ - expected_) << ", tolerance " << tolerance_;
        } else if (!(10 * std::sqrt(noise_) <= std::sqrt(signal_))) {
            text << what_ << ": the tolerance hides the signal";
        }
        return text.str();
    }

private:
    std::string what_;
    long count_ = 0, failures_ = 0;
    double signal_ = 0, noise_ = 0, worst_ = 0;
    std::vector<int> index_;
    double expected_ = 0, actual_ = 0, tolerance_ = 0;
};

}  // namespace vit::cases
