// Targets, by their rows in schedules/targets.json: the build, which asks CMake, and the autotuner find the
// same tuned files for them.
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "Halide.h"
#include "apps/autotune/targets.h"
#include "apps/autotune/tuned_file.h"
#include "tests/support/run_command.h"
#include "tests/support/temporary_directory.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

using namespace autotune;
using testing::ElementsAre;
using testing::HasSubstr;
using Strings = std::vector<std::string>;

const std::string avx2 = "x86-64-linux-avx-avx2-f16c-fma-sse41",
                  zen4 = "x86-64-linux-avx-avx2-avx512-avx512_skylake-avx512_zen4-f16c-fma-sse41";

// All short names, and others: with and without a device, and one that no row is for.
Strings names() {
    Strings all{"host", "host-no_asserts", "host-opencl", "host-cuda-cuda_capability_75", "host-cuda", avx2,
                zen4, avx2 + "-cuda-cuda_capability_86", avx2 + "-opencl", "x86-64-linux",
                "x86-64-linux-avx512_zen5", "x86-32-linux-avx-avx2", "arm-64-linux-arm_dot_prod",
                "riscv-64-linux-rvv-vector_bits_128", "wasm-32-wasmrt"};
    const auto json = nlohmann::json::parse(read_file(VIT_SOURCE_DIR "/schedules/targets.json"));
    for (const auto &[name, row] : json.at("names").items()) all.push_back(name);
    return all;
}

struct Answer {
    std::string halide, serving;
    Strings tuned;
};

// What CMake says (tests/targets.cmake).
std::map<std::string, Answer> cmake_answers(const Strings &names, const std::string &device_host,
                                            const std::string &directory) {
    std::string list;
    for (const std::string &name : names) list += (list.empty() ? "" : ";") + name;
    const Outcome outcome =
        run({VIT_CMAKE, "-DTARGETS=" + list, "-DVIT_DEVICE_HOST=" + device_host,
             "-DVIT_TUNED_DIR=" + directory, "-DCMAKE_CXX_COMPILER=" VIT_CXX_COMPILER, "-P",
             VIT_SOURCE_DIR "/tests/targets.cmake"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    std::map<std::string, Answer> answers;
    std::istringstream lines(outcome.err);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream parts(line);
        std::string name, tuned;
        Answer answer;
        std::getline(std::getline(std::getline(parts, name, '|'), answer.halide, '|'), tuned, '|');
        std::getline(parts, answer.serving);
        std::istringstream files(tuned);
        for (std::string file; std::getline(files, file, ',');) answer.tuned.push_back(file);
        answers[name] = answer;
    }
    EXPECT_EQ(answers.size(), names.size()) << outcome.err;
    return answers;
}

TEST(Targets, MeanTheSameToTheBuildAndToTheAutotuner) {
    const TemporaryDirectory empty;
    for (const char *device_host : {"host", "x86-64-avx2", "x86-64-linux-sse41"}) {
        for (const auto &[name, answer] : cmake_answers(names(), device_host, empty.path())) {
            const NamedTarget target = named_target(name, device_host);
            EXPECT_EQ(target.halide, answer.halide) << name;
            EXPECT_EQ(target.tuned, answer.tuned) << name;
            EXPECT_TRUE(Halide::Target::validate_target_string(target.halide)) << name;
            EXPECT_EQ(answer.serving, "") << name;
        }
    }
}

TEST(Targets, LookForTheirOwnNameFirstAndThenForTheirKinds) {
    const auto tuned = [](const std::string &name) { return named_target(name).tuned; };
    EXPECT_THAT(tuned("x86-64-avx2"), ElementsAre("x86-64-avx2"));
    EXPECT_THAT(tuned(avx2), ElementsAre(avx2, "x86-64-avx2"));
    EXPECT_THAT(tuned(zen4), ElementsAre(zen4, "x86-64-avx512"));
    EXPECT_THAT(tuned("x86-64-linux-sse41"), ElementsAre("x86-64-linux-sse41", "x86-64"));
    EXPECT_THAT(tuned("arm-64-linux"), ElementsAre("arm-64-linux", "arm64"));
    EXPECT_THAT(tuned("opencl-cpu"), ElementsAre("opencl-cpu"));
    EXPECT_THAT(tuned("cuda"), ElementsAre("cuda"));
    EXPECT_THAT(tuned("cuda-90"), ElementsAre("cuda-90", "cuda"));
    EXPECT_THAT(tuned(avx2 + "-cuda-cuda_capability_86"),
                ElementsAre(avx2 + "-cuda-cuda_capability_86", "cuda-86", "cuda"));
    EXPECT_THAT(tuned("wasm-32-wasmrt"), ElementsAre("wasm-32-wasmrt"));

    const Strings host = tuned("host"), resolved = tuned(Halide::get_host_target().to_string());
    ASSERT_EQ(host.size(), 2u);
    EXPECT_EQ(host[0], "host");
    EXPECT_EQ(host[1], resolved[1]);
}

TEST(Targets, WithADeviceTakeTheProcessorThatIsAskedFor) {
    EXPECT_EQ(named_target("cuda-90").halide, "host-cuda-cuda_capability_86");
    EXPECT_EQ(named_target("cuda-90", "x86-64").halide, "x86-64-linux-sse41-cuda-cuda_capability_86");
    EXPECT_EQ(named_target("opencl", "arm-64-linux").halide, "arm-64-linux-opencl");
    EXPECT_EQ(named_target("x86-64-avx2", "x86-64").halide, named_target("x86-64-avx2").halide);
}

TEST(Targets, AreServedByWhatTheAutotunerWritesForThem) {
    for (const std::string &name : names()) {
        const TemporaryDirectory directory;
        const NamedTarget target = named_target(name);
        EXPECT_EQ(serving_file(target, directory.path()), "") << name;
        const std::filesystem::path file = file_to_write(target, directory.path());
        EXPECT_NE(file.stem(), "host");
        TunedFile().write(file);
        EXPECT_EQ(cmake_answers({name}, "host", directory.path())[name].serving, file) << name;
        EXPECT_EQ(serving_file(target, directory.path()), file) << name;

        const std::filesystem::path own = directory.file(name + ".json");
        TunedFile().write(own);
        EXPECT_EQ(file_to_write(target, directory.path()), own) << name;
        EXPECT_EQ(cmake_answers({name}, "host", directory.path())[name].serving, own) << name;
        EXPECT_EQ(serving_file(target, directory.path()), own) << name;
    }
}

TEST(Targets, OfOneKindLeaveTheFileOfAllKindsAlone) {
    const TemporaryDirectory directory;
    const std::filesystem::path all = directory.file("cuda.json");
    TunedFile().write(all);
    EXPECT_EQ(serving_file(named_target("cuda-90"), directory.path()), all);
    const std::filesystem::path file = file_to_write(named_target("cuda-90"), directory.path());
    EXPECT_EQ(file, directory.file("cuda-90.json"));
    TunedFile().write(file);
    auto answers = cmake_answers({"cuda-90", "cuda-86", "cuda"}, "host", directory.path());
    EXPECT_EQ(answers["cuda-90"].serving, file);
    EXPECT_EQ(answers["cuda-86"].serving, all);
    EXPECT_EQ(answers["cuda"].serving, all);
}

// The library was configured by the same rows.
TEST(Targets, ThatAreCompiledInSayWhichFileServesThem) {
    for (const BackendInfo &backend : backends()) {
        const NamedTarget target = named_target(backend.name, VIT_DEVICE_HOST);
        EXPECT_EQ(backend.tuned, serving_file(target, VIT_TUNED_DIR).filename()) << backend.name;
    }
}

}  // namespace
}  // namespace vit::test
