// Memory that runs out at any allocation of a function of the C interface, the one for its error, too: each
// call answers as ever or returns an error, and leaves nothing behind (support/failing_memory.h).
#include <fstream>
#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/c_interface.h"
#include "tests/support/failing_memory.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"

// What a disk takes for each of hundreds of files says nothing here.
extern "C" int fsync(int) { return 0; }

namespace vit::test {
namespace {

constexpr const char *tiny = R"({"name": "tiny", "image_height": 16, "image_width": 16, "patch_height": 8,
    "patch_width": 8, "width": 8, "depth": 1, "heads": 2, "mlp_width": 8, "labels": 3})";
const std::string picture = source_directory() + "/models/fashion-mnist/images/bag.png";

template<typename Struct>
Struct one_thread() {
    Struct options{};
    options.size = sizeof(options);
    options.threads = 1;
    return options;
}
const auto of_model = one_thread<vit_model_options>();
const auto of_session = one_thread<vit_session_options>();
const auto of_preprocessor = one_thread<vit_preprocessor_options>();

// What call(error) makes, with every allocation failing; the sentence of an error is short where memory has
// run out, and taking it from the C interface allocates nothing.
template<auto free, typename Call>
long fail_every_allocation_of_making(Call call) {
    using Handle = std::remove_pointer_t<decltype(call(nullptr))>;
    return fail_every_allocation(
        [&]() -> Result<c::Owned<Handle, free>> {
            c::Failure error;
            c::Owned<Handle, free> made(call(error));
            if (!made) return error.take();
            return made;
        },
        [](const auto &made) { EXPECT_TRUE(made); });
}

// The same for what returns a code.
template<typename Call>
long fail_every_allocation_of(Call call) {
    return fail_every_allocation(
        [&]() -> Result<int> {
            c::Failure error;
            const Result<void> done = error.result(call(error));
            if (!done) return error.take();
            return 0;
        },
        [](int) {});
}

class CMemoryFailure : public testing::Test {
protected:
    const c::Owned<vit_model, vit_model_free> model_{vit_model_random(tiny, 0, &of_model, nullptr)};
    const c::Owned<vit_session, vit_session_free> session_{
        vit_session_new(model_.get(), &of_session, nullptr)};
    const c::Owned<vit_preprocessor, vit_preprocessor_free> preprocessor_{
        vit_preprocessor_new(model_.get(), &of_preprocessor, nullptr)};
    const std::vector<std::uint8_t> grey_ = std::vector<std::uint8_t>(20 * 20 * 3, 100);
    vit_image_view view_{};
    std::vector<float> pixels_ = std::vector<float>(16 * 16 * 3), logits_ = std::vector<float>(3);
    vit_prediction best_[4] = {};

    void SetUp() override {
        ASSERT_TRUE(model_ && session_ && preprocessor_);
        view_.size = sizeof(view_);
        view_.data = grey_.data();
        view_.width = view_.height = 20;
    }
};

TEST_F(CMemoryFailure, OfLists) {
    EXPECT_GE(fail_every_allocation_of_making<vit_backends_free>(vit_backends_new), 2);
    EXPECT_GE(fail_every_allocation_of_making<vit_image_formats_free>(vit_image_formats_new), 2);
    EXPECT_GE(fail_every_allocation_of_making<vit_cancellation_free>(vit_cancellation_new), 1);
    EXPECT_GE(fail_every_allocation_of_making<vit_string_free>(
                  [](vit_error **error) { return vit_architecture_named("vit-b16", error); }),
              10);
    EXPECT_GE(fail_every_allocation_of([](vit_error **error) {
                  const double flop = vit_flop(tiny, error);
                  EXPECT_EQ(flop > 0, *error == nullptr);
                  return vit_error_code(*error);
              }),
              10);
    EXPECT_GE(fail_every_allocation_of([](vit_error **error) {
                  const std::int64_t count = vit_parameters(tiny, error);
                  EXPECT_EQ(count > 0, *error == nullptr);
                  return vit_error_code(*error);
              }),
              10);
}

TEST_F(CMemoryFailure, OfImages) {
    const c::Owned<vit_image, vit_image_free> image(vit_image_from_pixels(&view_, nullptr));
    ASSERT_TRUE(image);
    EXPECT_GE(fail_every_allocation_of_making<vit_image_free>(
                  [&](vit_error **error) { return vit_image_from_pixels(&view_, error); }),
              2);
    EXPECT_GE(fail_every_allocation_of_making<vit_image_free>(
                  [&](vit_error **error) { return vit_image_copy(image.get(), error); }),
              1);
    EXPECT_GE(fail_every_allocation_of_making<vit_image_free>(
                  [](vit_error **error) { return vit_image_read(picture.c_str(), nullptr, error); }),
              3);
}

TEST_F(CMemoryFailure, OfModels) {
    EXPECT_GE(fail_every_allocation_of_making<vit_model_free>(
                  [](vit_error **error) { return vit_model_random(tiny, 0, &of_model, error); }),
              100);
    EXPECT_GE(fail_every_allocation_of_making<vit_model_free>(
                  [&](vit_error **error) { return vit_model_copy(model_.get(), error); }),
              3);
    const TemporaryDirectory directory;
    const std::string file = directory.file("packed.vit");
    EXPECT_GE(fail_every_allocation_of([&](vit_error **error) {
                  return vit_model_save_packed(model_.get(), file.c_str(), nullptr, error);
              }),
              10);
    EXPECT_GE(fail_every_allocation_of_making<vit_model_free>(
                  [&](vit_error **error) { return vit_model_load(file.c_str(), &of_model, error); }),
              100);
    std::ifstream in(file, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(in)), {});
    const vit_named_bytes bytes = {"packed.vit", content.data(), content.size()};
    EXPECT_GE(fail_every_allocation_of_making<vit_model_free>([&](vit_error **error) {
                  return vit_model_load_bytes(&bytes, 1, &of_model, nullptr, error);
              }),
              100);
}

TEST_F(CMemoryFailure, OfPreprocessors) {
    EXPECT_GE(fail_every_allocation_of_making<vit_preprocessor_free>([&](vit_error **error) {
                  return vit_preprocessor_new(model_.get(), &of_preprocessor, error);
              }),
              2);
    EXPECT_GE(fail_every_allocation_of([&](vit_error **error) {
                  return vit_preprocessor_read(preprocessor_.get(), picture.c_str(), nullptr, pixels_.data(),
                                               error);
              }),
              3);
}

TEST_F(CMemoryFailure, OfSessions) {
    EXPECT_GE(fail_every_allocation_of_making<vit_session_free>(
                  [&](vit_error **error) { return vit_session_new(model_.get(), &of_session, error); }),
              10);
    (void)fail_every_allocation_of([&](vit_error **error) {
        return vit_session_memory(model_.get(), &of_session, error) < 0 ? vit_error_code(*error) : VIT_OK;
    });
    (void)fail_every_allocation_of([&](vit_error **error) {
        return vit_session_preprocess(session_.get(), &view_, pixels_.data(), error);
    });
    EXPECT_EQ(fail_every_allocation_of([&](vit_error **error) {
                  return vit_session_forward(session_.get(), pixels_.data(), 1, logits_.data(), error);
              }),
              0);
    EXPECT_GE(fail_every_allocation_of([&](vit_error **error) {
                  return vit_session_classify(session_.get(), &view_, 2, best_, nullptr, error);
              }),
              1);
    const vit_image_view *const views[] = {&view_, &view_};
    EXPECT_GE(fail_every_allocation_of([&](vit_error **error) {
                  return vit_session_classify_batch(session_.get(), views, 2, 2, best_, nullptr, error);
              }),
              1);
    EXPECT_GE(fail_every_allocation_of([&](vit_error **error) {
                  return vit_session_classify_file(session_.get(), picture.c_str(), 2, nullptr, best_,
                                                   nullptr, error);
              }),
              3);
    EXPECT_GE(fail_every_allocation_of_making<vit_stage_times_free>(
                  [&](vit_error **error) { return vit_session_stage_times(session_.get(), error); }),
              1);
}

// An error that is no want of memory, where there is none for its sentence.
TEST_F(CMemoryFailure, OfAnErrorAlone) {
    vit_error *error = nullptr;
    memory::fail(1, memory::Mode::all_fail_from);
    const vit_session *const none = vit_session_new(nullptr, nullptr, &error);
    memory::stop_failing();
    EXPECT_FALSE(none);
    EXPECT_STREQ(vit_error_message(error), "out of memory");
    vit_error_free(error);
}

}  // namespace
}  // namespace vit::test
