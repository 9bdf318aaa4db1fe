// A comparison that fails the test if its values are not right.
#pragma once

#include <gtest/gtest.h>

#include "tests/cases/comparison.h"

namespace vit::test {

class Comparison : public cases::Comparison {
public:
    using cases::Comparison::Comparison;
    Comparison(const Comparison &) = delete;
    Comparison &operator=(const Comparison &) = delete;
    ~Comparison() { EXPECT_EQ(text(), ""); }
};

}  // namespace vit::test
