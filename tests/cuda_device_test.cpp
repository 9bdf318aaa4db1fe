// Which of CUDA's devices run which compiled target, by the answers of a driver made up for it
// (tests/support/fake_cuda_driver.cpp).
#include <cstdlib>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/source_directory.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string bundled = source_directory() + "/models/fashion-mnist";

BackendInfo backend_named(const std::string &name) {
    for (const BackendInfo &backend : backends()) {
        if (backend.name == name) return backend;
    }
    ADD_FAILURE() << name << " is not compiled in";
    return {};
}

TEST(CudaDevice, OfTheComputeCapabilityOrAboveAreListed) {
    for (const char *name : {"cuda", "cuda-80"}) {
        const BackendInfo backend = backend_named(name);
        EXPECT_TRUE(backend.supported) << backend.reason;
        EXPECT_THAT(backend.devices, ElementsAre("Newer GPU, compute capability 8.0"));
    }
}

TEST(CudaDevice, OfALowerComputeCapabilityAreNamedInTheReason) {
    const BackendInfo backend = backend_named("cuda-86");
    EXPECT_FALSE(backend.supported);
    EXPECT_TRUE(backend.devices.empty());
    EXPECT_EQ(backend.reason,
              "CUDA has no device of compute capability 8.6 (Old GPU has 6.1, Newer GPU has 8.0)");
}

// Its kernels are compiled for 8.6, the highest that Halide 21 knows; its tuned values are not for those.
TEST(CudaDevice, OfACapabilityThatHalideDoesNotKnowIsAskedForAllTheSame) {
    const BackendInfo backend = backend_named("cuda-90");
    EXPECT_THAT(backend.target, HasSubstr("cuda_capability_86"));
    EXPECT_FALSE(backend.supported);
    EXPECT_EQ(backend.reason,
              "CUDA has no device of compute capability 9.0 (Old GPU has 6.1, Newer GPU has 8.0)");
}

TEST(CudaDevice, ThatGivesNoContextIsAnErrorAndTheProcessorStays) {
    const auto model = Model::load(bundled, {.backend = "cuda"});
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, ErrorCode::backend);
    EXPECT_THAT(model.error().message, HasSubstr("cannot create a context (CUDA error 2)"));

    const auto absent = Model::load(bundled, {.backend = "cuda", .device = 1});
    ASSERT_FALSE(absent);
    EXPECT_THAT(absent.error().message, HasSubstr("CUDA has no device 1, only 1"));

    EXPECT_TRUE(Model::load(bundled));
}

// Memory may be found to be missing only where it is used.
TEST(CudaDevice, OutOfMemoryIsAnErrorOfMemoryWhereverItShows) {
    for (const char *what : {"memory", "copy"}) {
        setenv("FAKE_CUDA", what, 1);
        const auto model = Model::load(bundled, {.backend = "cuda"});
        ASSERT_FALSE(model);
        EXPECT_EQ(model.error().code, ErrorCode::memory) << model.error().message;
        EXPECT_THAT(model.error().message, HasSubstr("on the device"));
        EXPECT_THAT(model.error().message, HasSubstr("CUDA_ERROR_OUT_OF_MEMORY"));
    }
    unsetenv("FAKE_CUDA");
}

// CU_JIT_MAX_REGISTERS is 0. Halide 21 would say 64, or what it finds in the environment, which is the
// app's.
TEST(CudaDevice, HasAllItsRegistersUnlessTheUserSaysOtherwise) {
    const auto options_given = [] {
        unsetenv("FAKE_CUDA_OPTIONS");
        const auto model = Model::load(bundled, {.backend = "cuda"});
        if (!model) return model.error().message;
        auto session = Session::create(*model);
        if (!session) return session.error().message;
        const auto done = session->classify_file(bundled + "/images/bag.png");
        if (done) return std::string("a stage was loaded");
        EXPECT_THAT(done.error().message, HasSubstr("cuModuleLoadData"));
        const char *options = std::getenv("FAKE_CUDA_OPTIONS");
        return std::string(options ? options : "no stage was loaded");
    };
    setenv("FAKE_CUDA", "module", 1);
    EXPECT_EQ(std::getenv("HL_CUDA_JIT_MAX_REGISTERS"), nullptr);
    EXPECT_EQ(options_given(), "0=255 ");
    EXPECT_EQ(std::getenv("HL_CUDA_JIT_MAX_REGISTERS"), nullptr);
    setenv("HL_CUDA_JIT_MAX_REGISTERS", "32", 1);
    EXPECT_EQ(options_given(), "0=32 ");
    unsetenv("HL_CUDA_JIT_MAX_REGISTERS");
    unsetenv("FAKE_CUDA");
}

}  // namespace
}  // namespace vit::test
