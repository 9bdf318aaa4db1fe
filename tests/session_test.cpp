// A session's steps between pixels and labels: what is left behind when one of them fails, and the order of
// equals.
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/model.h"
#include "tests/support/expect_error.h"
#include "tests/support/source_directory.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

// A kernel that is declared as layer_norm is, and refuses.
Kernel refusing(const Kernel &sound) {
    static const halide_filter_metadata_t *metadata = &sound.metadata();
    return Kernel(
        "layer_norm", [](void **) -> int { return halide_error_code_internal_error; },
        [] { return metadata; });
}

// The bundled model, with a kernel that can be broken between two passes.
class SessionTest : public testing::Test {
protected:
    void SetUp() override {
        auto loaded = Model::load(source_directory() + "/models/fashion-mnist");
        ASSERT_TRUE(loaded) << loaded.error().message;
        model_ = std::make_unique<Model>(std::move(*loaded));
        const auto impl = std::const_pointer_cast<Model::Impl>(model_->impl());
        kernels_ = &impl->kernels;
        auto created = Session::create(*model_, {.threads = 2, .max_batch = 2});
        ASSERT_TRUE(created) << created.error().message;
        session_ = std::make_unique<Session>(std::move(*created));
        const Architecture &a = model_->architecture();
        pixels_.assign(std::size_t{2} * a.channels * a.image_height * a.image_width, 0.25f);
        values_.assign(2 * a.labels, NAN);
    }

    Result<void> forward(int batch) { return session_->forward(pixels_.data(), batch, values_.data()); }

    NetworkKernels *kernels_ = nullptr;  // the model's own
    std::unique_ptr<Model> model_;
    std::unique_ptr<Session> session_;
    std::vector<float> pixels_, values_;
};

TEST_F(SessionTest, ScoresAreThoseOfTheLastPass) {
    const int labels = model_->architecture().labels;
    ASSERT_TRUE(forward(1));
    const std::vector<float> logits(values_.begin(), values_.begin() + labels);
    std::fill(values_.begin(), values_.end(), NAN);
    ASSERT_TRUE(session_->scores(values_.data()));
    double sum = 0, exponentials = 0;
    for (const float logit : logits) exponentials += std::exp(static_cast<double>(logit));
    for (int i = 0; i < labels; i++) {
        EXPECT_NEAR(values_[i], std::exp(static_cast<double>(logits[i])) / exponentials, 1e-5);
        sum += values_[i];
        EXPECT_TRUE(std::isnan(values_[labels + i])) << "more written than the pass had images";
    }
    EXPECT_NEAR(sum, 1, 1e-5);
}

TEST_F(SessionTest, BeforeTheFirstPassThereAreNoScores) {
    const Result<void> scores = session_->scores(values_.data());
    ASSERT_FALSE(scores);
    EXPECT_EQ(scores.error().code, ErrorCode::argument);
    EXPECT_THAT(values_, testing::Each(testing::IsNan()));
}

TEST_F(SessionTest, AFailedPassLeavesNoScores) {
    ASSERT_TRUE(forward(2));
    const auto sound = kernels_->layer_norm;
    kernels_->layer_norm = refusing(sound);
    const Result<void> failed = forward(2);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::kernel);
    EXPECT_THAT(failed.error().message, testing::HasSubstr("layer_norm"));
    std::fill(values_.begin(), values_.end(), NAN);
    const Result<void> scores = session_->scores(values_.data());
    ASSERT_FALSE(scores);
    EXPECT_EQ(scores.error().code, ErrorCode::argument);
    EXPECT_THAT(values_, testing::Each(testing::IsNan()));
    kernels_->layer_norm = sound;  // nothing else is lost
    EXPECT_TRUE(forward(2));
    EXPECT_TRUE(session_->scores(values_.data()));
}

TEST_F(SessionTest, RefusedArgumentsAreNoPass) {
    ASSERT_TRUE(forward(1));
    for (const int batch : {-1, 0, 3}) {
        const Result<void> refused = forward(batch);
        ASSERT_FALSE(refused) << batch;
        EXPECT_EQ(refused.error().code, ErrorCode::argument);
    }
    EXPECT_FALSE(session_->forward(nullptr, 1, values_.data()));
    EXPECT_FALSE(session_->forward(pixels_.data(), 1, nullptr));
    EXPECT_FALSE(session_->scores(nullptr));
    EXPECT_TRUE(session_->scores(values_.data()));
}

// Between its stages: of a pass that is cancelled in the first loop, the other stages are not run.
TEST(Cancelled, APassStopsBeforeItsNextStage) {
    const auto model = Model::load(source_directory() + "/models/fashion-mnist");
    ASSERT_TRUE(model) << model.error().message;
    struct App {
        std::atomic<bool> cancelled{false};
        int loops = 0, most = -1;  // after which it is cancelled; -1: never
    } app;
    const auto run = [](void *context, int n, void (*task)(void *argument, int i), void *argument) {
        App &its = *static_cast<App *>(context);
        if (its.loops++ == its.most) its.cancelled = true;
        for (int i = 0; i < n; i++) task(argument, i);
    };
    auto session = Session::create(
        *model, {.threads = 2, .parallel_for = {run, &app}, .cancelled = &app.cancelled});
    ASSERT_TRUE(session) << session.error().message;
    const Architecture &a = model->architecture();
    std::vector<float> pixels(static_cast<std::size_t>(a.channels) * a.image_height * a.image_width, 0.5f);
    std::vector<float> logits(a.labels), expected(a.labels);
    ASSERT_TRUE(session->forward(pixels.data(), 1, expected.data()));
    const int all = app.loops;
    ASSERT_GT(all, 8);
    for (const int most : {0, 3, all / 2}) {
        app.loops = 0;
        app.most = most;
        expect_error(session->forward(pixels.data(), 1, logits.data()), ErrorCode::cancelled, {"cancelled"});
        EXPECT_LE(app.loops, most + 3) << "of one stage, no more";
        expect_error(session->scores(logits.data()), ErrorCode::argument, {"no forward pass"});
        app.cancelled = false;
        app.most = -1;
        ASSERT_TRUE(session->forward(pixels.data(), 1, logits.data()));
        EXPECT_EQ(logits, expected);
    }
    app.cancelled = true;
    app.loops = 0;
    expect_error(session->forward(pixels.data(), 1, logits.data()), ErrorCode::cancelled, {});
    EXPECT_EQ(app.loops, 0);
    const std::vector<std::uint8_t> picture(28 * 28, 7);
    expect_error(session->classify(ImageView{picture.data(), 28, 28, 1}), ErrorCode::cancelled, {});
}

TEST(SeveralPictures, HaveTheAnswersThatEachHasAlone) {
    const auto model = Model::load(source_directory() + "/models/fashion-mnist");
    ASSERT_TRUE(model) << model.error().message;
    std::vector<std::vector<std::uint8_t>> pictures;
    std::vector<ImageView> views;
    for (int i = 0; i < 7; i++) {
        const int width = 20 + 5 * i, height = 40 - 3 * i;
        pictures.emplace_back(static_cast<std::size_t>(width) * height);
        for (std::size_t p = 0; p < pictures[i].size(); p++) {
            pictures[i][p] = static_cast<std::uint8_t>((p * (i + 3)) % 253);
        }
        views.push_back({pictures[i].data(), width, height, 1});
    }
    for (const int max_batch : {1, 2, 3, 7, 8}) {
        SCOPED_TRACE(max_batch);
        auto session = Session::create(*model, {.threads = 2, .max_batch = max_batch});
        ASSERT_TRUE(session) << session.error().message;
        const auto answers = session->classify(views, 3);
        ASSERT_TRUE(answers) << answers.error().message;
        ASSERT_EQ(answers->size(), views.size());
        for (std::size_t i = 0; i < views.size(); i++) {
            const auto alone = session->classify(views[i], 3);
            ASSERT_TRUE(alone);
            ASSERT_EQ((*answers)[i].size(), 3u);
            for (int k = 0; k < 3; k++) {
                EXPECT_EQ((*answers)[i][k].index, (*alone)[k].index) << i;
                EXPECT_EQ((*answers)[i][k].score, (*alone)[k].score) << i;
            }
        }
        const auto none = session->classify(std::vector<ImageView>(), 3);
        ASSERT_TRUE(none);
        EXPECT_TRUE(none->empty());
        expect_error(session->classify(views, 0), ErrorCode::argument, {"top_k is 0"});
        std::vector<ImageView> bad = views;
        bad[4].data = nullptr;
        expect_error(session->classify(bad, 3), ErrorCode::argument, {"picture 4: ", "data is null"});
    }
}

std::vector<int> indices(const std::vector<float> &scores, int k) {
    std::vector<int> found;
    for (const Prediction &p : top_k(scores.data(), static_cast<int>(scores.size()), k)) {
        EXPECT_EQ(p.score, scores[p.index]);
        found.push_back(p.index);
    }
    return found;
}

TEST(Version, IsThatOfTheHeader) {
    const std::string of_header = std::to_string(VIT_VERSION_MAJOR) + "." +
                                  std::to_string(VIT_VERSION_MINOR) + "." +
                                  std::to_string(VIT_VERSION_PATCH);
    EXPECT_EQ(version(), of_header);
}

TEST(TopK, TheLowerIndexIsFirstAmongEquals) {
    const std::vector<float> scores{1, 3, 2, 3, 1, 3, 2};
    EXPECT_EQ(indices(scores, 7), (std::vector<int>{1, 3, 5, 2, 6, 0, 4}));
    EXPECT_EQ(indices(scores, 2), (std::vector<int>{1, 3}));
    EXPECT_EQ(indices(std::vector<float>(100, 0.5f), 3), (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(indices({-0.0f, 0.0f}, 2), (std::vector<int>{0, 1}));
}

TEST(TopK, WhatIsNotANumberComesLast) {
    const float scores[] = {NAN, 0.25f, NAN, 0.5f, -INFINITY};
    std::vector<int> order;
    for (const Prediction &prediction : top_k(scores, 5, 5)) order.push_back(prediction.index);
    EXPECT_THAT(order, testing::ElementsAre(3, 1, 4, 0, 2));
}

// Of an image that has such logits, not of the other one.
TEST_F(SessionTest, LogitsThatAreNotFiniteHaveNoScores) {
    const int labels = model_->architecture().labels;
    for (const float bad : {NAN, INFINITY, 1e38f}) {
        SCOPED_TRACE(bad);
        std::fill(pixels_.begin(), pixels_.end(), 0.25f);
        std::fill_n(pixels_.begin(), pixels_.size() / 2, bad);
        ASSERT_TRUE(forward(2));
        EXPECT_FALSE(std::isfinite(values_[0]));
        EXPECT_TRUE(std::isfinite(values_[labels]));
        std::fill(values_.begin(), values_.end(), 1.0f);
        ASSERT_TRUE(session_->scores(values_.data()));
        for (int i = 0; i < labels; i++) {
            EXPECT_TRUE(std::isnan(values_[i])) << i;
            EXPECT_TRUE(std::isfinite(values_[labels + i])) << i;
        }
    }
}

TEST(Options, ThatCannotBeAreRefused) {
    const std::string bundled = source_directory() + "/models/fashion-mnist";
    ModelOptions options;
    options.device = -7;
    expect_error(Model::load(bundled, options), ErrorCode::argument, {"device is -7"});
    options = {};
    options.threads = -1;
    expect_error(Model::load(bundled, options), ErrorCode::argument, {"threads is -1"});
    options.threads = max_threads + 1;
    expect_error(Model::random(Architecture{}, 0, options), ErrorCode::argument, {"threads"});
    options.threads = 1;
    EXPECT_TRUE(Model::load(bundled, options));
    Architecture a;
    a.layer_norm_epsilon = NAN;
    expect_error(Model::random(a), ErrorCode::argument, {"layer_norm_epsilon"});
    a = {};
    a.patch_height = 0;
    EXPECT_EQ(flop(a), 0);
    EXPECT_EQ(parameters(a), 0);
}

TEST(Options, AStrideThatPassesAllAddressesIsRefused) {
    std::uint8_t pixel[3] = {};
    ImageView view{pixel, 1, 2, 3, std::numeric_limits<std::ptrdiff_t>::min()};
    expect_error(Image::from_pixels(view), ErrorCode::argument, {"row_stride"});
    view.row_stride = std::numeric_limits<std::ptrdiff_t>::max();
    expect_error(Image::from_pixels(view), ErrorCode::argument, {"row_stride"});
}

TEST(TopK, OfNothingOrOfMoreThanThereIs) {
    EXPECT_EQ(indices({}, 5), std::vector<int>());
    EXPECT_EQ(indices({2, 1}, 0), std::vector<int>());
    EXPECT_EQ(indices({2, 1}, -1), std::vector<int>());
    EXPECT_EQ(indices({1, 2}, 5), (std::vector<int>{1, 0}));
}

}  // namespace
}  // namespace vit::test
