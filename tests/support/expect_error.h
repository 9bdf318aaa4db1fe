// What every error has to be: of the right kind, naming what the test says, one line of readable text.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/error.h"

namespace vit::test {

inline const char *name_of(ErrorCode code) {
    static constexpr const char *names[] = {"io",       "format",  "config", "tensor", "unsupported",
                                            "argument", "backend", "memory", "kernel", "not_finite",
                                            "cancelled"};
    return names[static_cast<int>(code)];
}

template<typename T>
void expect_error(const Result<T> &result, ErrorCode code, const std::vector<std::string> &named) {
    ASSERT_FALSE(result) << "no error";
    const std::string &message = result.error().message;
    EXPECT_STREQ(name_of(result.error().code), name_of(code)) << message;
    for (const std::string &name : named) {
        EXPECT_NE(message.find(name), std::string::npos) << "'" << name << "' is not named in: " << message;
    }
    EXPECT_LT(message.size(), 600u) << message;
    for (const char c : message) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << message;
}

}  // namespace vit::test
