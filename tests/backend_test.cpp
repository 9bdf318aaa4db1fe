// Which compiled backend runs where: processors that are not here, by answers made up for them.
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/backend/backend.h"
#include "runtime/backend/cpu_features.h"

namespace vit::test {
namespace {

using testing::HasSubstr;

const std::string sse41 = "x86-64-linux-sse41";
const std::string avx2 =
    "x86-64-linux-avx-avx2-f16c-fma-no_asserts-no_bounds_query-no_runtime-sse41-user_context";
const std::string skylake = "x86-64-linux-avx-avx2-avx512-avx512_skylake-f16c-fma-sse41-tune_znver4";

#if defined(__x86_64__)

HasFeature processor(std::set<std::string> features) {
    return [features](const std::string &feature) { return features.count(feature) != 0; };
}

TEST(CpuFeatures, OldProcessorRunsTheBaselineAlone) {
    const HasFeature nehalem = processor({"sse41"});
    EXPECT_EQ(unsupported_cpu(sse41, nehalem), "");
    EXPECT_EQ(unsupported_cpu(avx2, nehalem), "this processor has no avx");
    EXPECT_EQ(unsupported_cpu(skylake, nehalem), "this processor has no avx");
}

TEST(CpuFeatures, EveryFeatureIsNeeded) {
    const std::set<std::string> all{"sse41", "avx", "f16c", "fma", "avx2", "avx512", "avx512_skylake"};
    EXPECT_EQ(unsupported_cpu(skylake, processor(all)), "");
    for (const std::string &missing : all) {
        std::set<std::string> features = all;
        features.erase(missing);
        EXPECT_EQ(unsupported_cpu(skylake, processor(features)), "this processor has no " + missing);
    }
}

// An operating system that does not save the wide registers makes CPUID's answer worthless: GCC's check, and
// so ours, says that such a processor has neither AVX nor what builds on it.
TEST(CpuFeatures, Avx2ProcessorRunsNoAvx512) {
    const HasFeature haswell = processor({"sse41", "avx", "f16c", "fma", "avx2"});
    EXPECT_EQ(unsupported_cpu(avx2, haswell), "");
    EXPECT_EQ(unsupported_cpu(skylake, haswell), "this processor has no avx512");
}

TEST(CpuFeatures, WhatIsNotKnownIsNotThere) {
    EXPECT_FALSE(processor_has("avx1024"));
    EXPECT_EQ(unsupported_cpu(sse41 + "-avx1024"), "this processor has no avx1024");
    EXPECT_THAT(unsupported_cpu("arm-64-linux"), HasSubstr("another kind of processor"));
}

// What Halide calls a Zen 5, and a Granite Rapids.
TEST(CpuFeatures, RecentProcessorsAreKnown) {
    const std::string zen5 = skylake + "-avx512_cannonlake-avx512_zen4-avx512_zen5-avxvnni",
                      granite_rapids = skylake + "-avx512_cannonlake-avx10_1-vector_bits_512";
    std::set<std::string> features{"sse41", "avx", "f16c", "fma", "avx2", "avx512", "avx512_skylake",
                                   "avx512_cannonlake"};
    EXPECT_EQ(unsupported_cpu(granite_rapids, processor(features)), "this processor has no avx10_1");
    features.insert({"avx10_1", "avx512_zen4", "avxvnni"});
    EXPECT_EQ(unsupported_cpu(granite_rapids, processor(features)), "");
    EXPECT_EQ(unsupported_cpu(zen5, processor(features)), "this processor has no avx512_zen5");
    features.insert("avx512_zen5");
    EXPECT_EQ(unsupported_cpu(zen5, processor(features)), "");
    const bool recent = processor_has("avx512_zen5") || processor_has("avx10_1");
    EXPECT_TRUE(!recent || processor_has("avx512_zen4"));
}

#endif

// Tests run where they were compiled: a feature that Halide finds there and processor_has does not would
// leave nothing to run.
TEST(Backend, HostRunsWhereItWasCompiled) {
    for (const BackendInfo &info : backends()) {
        EXPECT_TRUE(info.supported || info.name != "host") << info.reason;
    }
}

TEST(Backend, TheFirstThatRunsIsChosen) {
    const auto chosen = choose_backend("");
    ASSERT_TRUE(chosen) << chosen.error().message;
    for (const BackendInfo &info : backends()) {
        if (info.supported) {
            EXPECT_EQ(info.name, (*chosen)->name);
            break;
        }
        EXPECT_NE(info.reason, "");
    }
}

TEST(Backend, EachCanBeNamedOrSaysWhyNot) {
    for (const BackendInfo &info : backends()) {
        const auto chosen = choose_backend(info.name);
        ASSERT_EQ(chosen.has_value(), info.supported) << info.name;
        if (chosen) {
            EXPECT_EQ((*chosen)->name, info.name);
        } else {
            EXPECT_EQ(chosen.error().code, ErrorCode::backend);
            EXPECT_EQ(chosen.error().message, "backend " + info.name + " cannot run here: " + info.reason);
        }
    }
    EXPECT_THAT(choose_backend("abacus").error().message,
                HasSubstr("backend abacus is not compiled in; there is " + backends()[0].name));
}

TEST(Backend, TenThreadsAskAtOnce) {
    const auto expected = choose_backend("");
    std::vector<std::thread> threads;
    for (int i = 0; i < 10; i++) {
        threads.emplace_back([&] {
            for (int n = 0; n < 1000; n++) {
                const auto chosen = choose_backend("");
                ASSERT_TRUE(chosen);
                ASSERT_EQ(*chosen, *expected);
                ASSERT_EQ(backends().size(), backend_table().size());
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

}  // namespace
}  // namespace vit::test
