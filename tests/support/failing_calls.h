// Calls that tests of failing memory have in common.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/failing_memory.h"
#include "tests/support/source_directory.h"
#include "vit/vit.h"

namespace vit::test {

inline const std::string golden_files = source_directory() + "/tests/golden/";
inline const ModelOptions one_thread{.threads = 1};

inline std::string content_of(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), {});
}

// What a model makes of a grey picture.
inline std::vector<float> logits_of(const Model &model) {
    const Architecture &a = model.architecture();
    auto session = Session::create(model, {.threads = 1});
    if (!session) throw std::runtime_error(session.error().message);
    const std::vector<float> pixels(std::size_t(a.channels) * a.image_height * a.image_width, 0.25f);
    std::vector<float> logits(a.labels);
    const Result<void> done = session->forward(pixels.data(), 1, logits.data());
    if (!done) throw std::runtime_error(done.error().message);
    return logits;
}

inline Model load(const std::string &path) {
    auto model = Model::load(path, one_thread);
    if (!model) throw std::runtime_error(model.error().message);
    return std::move(*model);
}

// A call that cannot succeed: its error, as a value, unless memory has run out.
template<typename T>
Result<Error> error_of(Result<T> result) {
    if (result) return Error{ErrorCode::memory, "succeeded"};
    if (result.error().code == ErrorCode::memory) return tl::unexpected<Error>(std::move(result.error()));
    return std::move(result.error());
}

template<typename Call>
void fail_refusal(ErrorCode code, Call call) {
    const Error right = call().error();
    ASSERT_EQ(right.code, code) << right.message;
    const long most = fail_every_allocation([&] { return error_of(call()); }, [&](const Error &error) {
        EXPECT_EQ(error.code, code) << error.message;
        EXPECT_EQ(error.message, right.message);
    });
    EXPECT_GE(most, 1);
}

}  // namespace vit::test
