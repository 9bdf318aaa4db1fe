// Random test data that replays: --gtest_random_seed=N chooses another sequence, and every failure prints
// its N.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "tests/cases/random.h"

namespace vit::test {

class Random : public cases::Random {
public:
    Random()
        : cases::Random(static_cast<std::uint32_t>(GTEST_FLAG_GET(random_seed))),
          trace_(__FILE__, __LINE__,
                 "replay with --gtest_random_seed=" + std::to_string(GTEST_FLAG_GET(random_seed))) {}

private:
    testing::ScopedTrace trace_;
};

}  // namespace vit::test
