// Backends with a device: what can go wrong with one ends in an error, and the processor's path is unharmed.
// Without a device, the same functions say why there is none.
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/backend/backend.h"
#include "tests/support/golden.h"
#include "tests/support/opencl.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

using testing::HasSubstr;

const std::string bundled = source_directory() + "/models/fashion-mnist";

// Of a kind of device, or of all.
std::vector<BackendInfo> with_device(const std::string &api = {}) {
    std::vector<BackendInfo> found;
    const std::vector<BackendInfo> all = backends();
    for (std::size_t i = 0; i < all.size(); i++) {
        const DeviceApi *device_api = backend_table()[i].device_api;
        if (device_api && (api.empty() || api == device_api->name)) found.push_back(all[i]);
    }
    return found;
}

std::vector<float> logits_of(const ModelOptions &options, const std::vector<float> &pixels) {
    const auto model = Model::load(bundled, options);
    EXPECT_TRUE(model) << model.error().message;
    if (!model) return {};
    auto session = Session::create(*model, {.threads = 1});
    EXPECT_TRUE(session) << session.error().message;
    if (!session) return {};
    std::vector<float> logits(10);
    EXPECT_TRUE(session->forward(pixels.data(), 1, logits.data()));
    return logits;
}

std::vector<float> some_pixels() {
    std::vector<float> pixels(3 * 28 * 28);
    for (std::size_t i = 0; i < pixels.size(); i++) pixels[i] = std::sin(0.1f * static_cast<float>(i));
    return pixels;
}

// For the length of a test.
class Variable {
public:
    Variable(const char *name, const char *value) : name_(name), before_(std::getenv(name)) {
        if (before_) kept_ = before_;
        setenv(name, value, 1);
    }
    ~Variable() { before_ ? setenv(name_, kept_.c_str(), 1) : unsetenv(name_); }

private:
    const char *name_, *before_;
    std::string kept_;
};

TEST(Device, NamesAreListedOrAReasonIsGiven) {
    for (const BackendInfo &backend : with_device()) {
        EXPECT_EQ(backend.supported, !backend.devices.empty()) << backend.name;
        EXPECT_EQ(backend.supported, backend.reason.empty()) << backend.name;
    }
    for (const BackendInfo &backend : backends()) {
        if (backend.supported) {
            EXPECT_EQ(logits_of({.backend = backend.name}, some_pixels()).size(), 10u);
            continue;
        }
        const auto model = Model::load(bundled, {.backend = backend.name});
        ASSERT_FALSE(model) << backend.name;
        EXPECT_EQ(model.error().code, ErrorCode::backend);
        EXPECT_THAT(model.error().message, HasSubstr(backend.reason));
    }
}

TEST(Device, ThatIsNotThereIsAnError) {
    for (const BackendInfo &backend : with_device()) {
        for (const int device : {-1, 99}) {
            const auto model = Model::load(bundled, {.backend = backend.name, .device = device});
            ASSERT_FALSE(model);
            EXPECT_EQ(model.error().code, ErrorCode::backend);
            if (backend.supported) {
                EXPECT_THAT(model.error().message, HasSubstr("has no device " + std::to_string(device)));
            }
        }
    }
}

TEST(Device, DisappearsAndTheProcessorStays) {
    const std::vector<float> pixels = some_pixels(), before = logits_of({}, pixels);
    {
        const Variable gone("HL_OCL_PLATFORM_NAME", "no platform is called this");
        for (const BackendInfo &backend : with_device("OpenCL")) {
            EXPECT_FALSE(backend.supported);
            EXPECT_THAT(backend.reason, HasSubstr("OpenCL"));
            const auto model = Model::load(bundled, {.backend = backend.name});
            ASSERT_FALSE(model);
            EXPECT_EQ(model.error().code, ErrorCode::backend);
        }
        EXPECT_EQ(logits_of({}, pixels), before);
    }
    for (const BackendInfo &backend : with_device()) {
        if (!backend.supported) continue;
        const std::vector<float> again = logits_of({.backend = backend.name}, pixels);
        ASSERT_EQ(again.size(), 10u);
        expect_logits(again.data(), before.data(), 10);
    }
}

std::vector<std::string> names_of(const Result<std::vector<FoundDevice>> &found) {
    std::vector<std::string> names;
    if (found) {
        for (const FoundDevice &device : *found) names.push_back(device.name);
    }
    return names;
}

// What a target needs and what the environment asks for leave the same devices, and both together none of
// another type.
TEST(Device, IsOfTheTypeThatATargetNeeds) {
    for (const Backend &backend : backend_table()) {
        if (!backend.device_api || backend.device_api->name != std::string("OpenCL")) continue;
        EXPECT_STREQ(backend.device.type, backend.name == std::string("opencl-cpu") ? "cpu" : "");
        const auto find = backend.device_api->find;
        if (!find({})) GTEST_SKIP() << "needs a device of OpenCL";
        for (const char *type : {"cpu", "gpu", "acc"}) {
            const std::vector<std::string> needed = names_of(find({0, type}));
            const Variable asked("HL_OCL_DEVICE_TYPE", type);
            EXPECT_EQ(needed, names_of(find({}))) << type;
            EXPECT_EQ(needed, names_of(find({0, type}))) << type;
        }
        const Variable asked("HL_OCL_DEVICE_TYPE", "gpu");
        const auto none = find({0, "cpu"});
        ASSERT_FALSE(none);
        EXPECT_EQ(none.error().message, "OpenCL has no device of type cpu and gpu here");
    }
}

// PoCL gives as much as the machine has, and the system ends who takes it: here a gigabyte is all there is.
const int limited = setenv("POCL_MEMORY_LIMIT", "1", 1);

// Sessions until there is room for no more.
TEST(Device, OutOfMemoryIsAnErrorAndNothingIsLost) {
    const std::vector<float> pixels = some_pixels();
    for (const BackendInfo &backend : with_device()) {
        if (!backend.supported) continue;
        const auto small = Model::load(bundled, {.backend = backend.name});
        ASSERT_TRUE(small);
        auto session = Session::create(*small);
        ASSERT_TRUE(session);
        std::vector<float> before(10), after(10);
        ASSERT_TRUE(session->forward(pixels.data(), 1, before.data()));

        Architecture large = *named_architecture("vit-ti16");
        large.depth = 1;
        const auto model = Model::random(large, 0, {.backend = backend.name});
        ASSERT_TRUE(model) << model.error().message;
        std::vector<Session> sessions;
        for (bool room = true; room;) {
            ASSERT_LT(sessions.size(), 64u) << "no device has so much memory";
            auto next = Session::create(*model, {.threads = 1, .max_batch = 13000});
            room = next.has_value();
            if (room) {
                sessions.push_back(std::move(*next));
            } else {
                EXPECT_EQ(next.error().code, ErrorCode::memory);
                EXPECT_THAT(next.error().message, HasSubstr("on the device"));
            }
        }
        sessions.clear();

        ASSERT_TRUE(session->forward(pixels.data(), 1, after.data()));
        EXPECT_EQ(before, after);
    }
}

std::vector<float> logits_of(const Architecture &architecture, const std::string &backend) {
    const auto model = Model::random(architecture, 0, {.backend = backend});
    EXPECT_TRUE(model) << model.error().message;
    if (!model) return {};
    auto session = Session::create(*model, {.threads = 2});
    EXPECT_TRUE(session) << session.error().message;
    if (!session) return {};
    std::vector<float> pixels(std::size_t{3} * architecture.image_height * architecture.image_width),
        logits(architecture.labels);
    for (std::size_t i = 0; i < pixels.size(); i++) {
        pixels[i] = std::sin(0.1f * static_cast<float>(i % 1009));
    }
    const auto done = session->forward(pixels.data(), 1, logits.data());
    EXPECT_TRUE(done) << done.error().message;
    return logits;
}

// 1024 x 1024 pixels are 4,097 tokens: more than a group's memory has scores for.
TEST(Device, ManyTokensFallIntoParts) {
    Architecture wide = *named_architecture("vit-ti16");
    wide.image_height = wide.image_width = 1024;
    wide.depth = 2;
    wide.labels = 10;
    EXPECT_EQ(wide.tokens(), 4097);
    const std::vector<float> here = logits_of(wide, "");
    for (const BackendInfo &backend : with_device()) {
        if (!backend.supported) continue;
        const std::vector<float> there = logits_of(wide, backend.name);
        ASSERT_EQ(there.size(), 10u);
        expect_logits(there.data(), here.data(), 10);
    }
}

TEST(Device, HeadsThatAGroupHasNoMemoryForAreRefused) {
    Architecture wide = *named_architecture("vit-ti16");
    wide.width = 512;
    wide.heads = 2;
    wide.depth = 1;
    for (const BackendInfo &backend : with_device()) {
        if (!backend.supported) continue;
        const auto model = Model::random(wide, 0, {.backend = backend.name});
        ASSERT_TRUE(model) << model.error().message;
        const auto session = Session::create(*model);
        ASSERT_FALSE(session);
        EXPECT_EQ(session.error().code, ErrorCode::unsupported);
        EXPECT_THAT(session.error().message,
                    HasSubstr("its heads have 256 channels; attention on a device"));
    }
}

TEST(Device, GivesItsWeightsBackToBePacked) {
    const std::vector<float> pixels = some_pixels();
    for (const BackendInfo &backend : with_device()) {
        if (!backend.supported) continue;
        const TemporaryDirectory directory;
        const auto model = Model::load(bundled, {.backend = backend.name});
        ASSERT_TRUE(model);
        const auto saved = model->save_packed(directory.file("packed"));
        ASSERT_TRUE(saved) << saved.error().message;
        const auto packed = Model::load(directory.file("packed"), {.backend = backend.name});
        ASSERT_TRUE(packed) << packed.error().message;
        auto session = Session::create(*packed, {.threads = 1});
        ASSERT_TRUE(session);
        std::vector<float> logits(10);
        ASSERT_TRUE(session->forward(pixels.data(), 1, logits.data()));
        EXPECT_EQ(logits, logits_of({.backend = backend.name}, pixels));
    }
}

TEST(Device, TenThreadsAskAtOnce) {
    const std::vector<float> pixels = some_pixels();
    std::vector<std::string> names;
    for (const BackendInfo &backend : backends()) {
        if (backend.supported) names.push_back(backend.name);
    }
    std::vector<std::vector<float>> answers(10);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < answers.size(); i++) {
        threads.emplace_back([&, i] {
            answers[i] = logits_of({.backend = names[i % names.size()]}, pixels);
        });
    }
    for (std::thread &thread : threads) thread.join();
    for (std::size_t i = 0; i < answers.size(); i++) {
        ASSERT_EQ(answers[i].size(), 10u);
        expect_logits(answers[i].data(), answers[0].data(), 10);
        EXPECT_EQ(answers[i], answers[i % names.size()]) << "the same backend, to the bit";
    }
}

TEST(Device, BackendsWithoutOneRefuseItsMemory) {
    const auto model = Model::load(bundled);
    ASSERT_TRUE(model);
    auto session = Session::create(*model);
    ASSERT_TRUE(session);
    const auto done = session->forward_on_device(1, 1, 1);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::argument);
    EXPECT_THAT(done.error().message, HasSubstr("no device"));
}

// An app's context and queue, with pixels and logits in its own memory there.
TEST(Device, ComputesInTheMemoryOfAnOpenClApp) {
    OpenClApp app;
    const std::vector<BackendInfo> compiled = with_device("OpenCL");
    if (compiled.empty() || !app.is_there()) GTEST_SKIP() << "needs a backend of OpenCL and a device";
    const std::string backend = compiled.front().name;

    const std::vector<float> one = some_pixels();
    std::vector<float> pixels = one, logits(20, NAN);
    for (const float value : one) pixels.push_back(-value);
    const auto model = Model::load(bundled, {.backend = backend, .handles = app.handles()});
    ASSERT_TRUE(model) << model.error().message;
    auto session = Session::create(*model, {.threads = 1, .max_batch = 2});
    ASSERT_TRUE(session) << session.error().message;
    const std::uint64_t from = app.buffer(pixels), to = app.buffer(logits);
    for (int i = 0; i < 3; i++) {
        const auto done = session->forward_on_device(from, 2, to);
        ASSERT_TRUE(done) << done.error().message;
    }
    app.read(to, logits);

    std::vector<float> expected = logits_of({.backend = backend}, one), scores(20);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), logits.begin()));
    expected = logits_of({.backend = backend}, {pixels.begin() + one.size(), pixels.end()});
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), logits.begin() + 10));
    ASSERT_TRUE(session->scores(scores.data()));
    EXPECT_NEAR(std::accumulate(scores.begin(), scores.begin() + 10, 0.0), 1, 1e-5);
}

}  // namespace
}  // namespace vit::test
