// How a batch is divided among threads: some images by each thread alone, the rest by all of them.
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/model.h"
#include "tests/cases/random.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

constexpr int most = 13;

struct Answers {
    std::vector<float> logits, scores;  // [batch, labels]
    std::vector<StageTime> times;
};

struct Case {
    const char *name;
    int patch;  // of 64 x 64 pixels: 257 tokens, of one image a pass; 65, of three; 17, of twelve
    Precision precision = Precision::f32;
    Feature feature = Feature::class_token;
};

template<typename T>
T value_of(Result<T> result) {
    EXPECT_TRUE(result) << result.error().message;
    return std::move(*result);
}

class BatchTest : public testing::TestWithParam<Case> {
protected:
    BatchTest() {
        Architecture a;
        a.name = GetParam().name;
        a.image_height = a.image_width = 64;
        a.patch_height = a.patch_width = GetParam().patch;
        a.width = 96, a.depth = 2, a.heads = 3, a.mlp_width = 192, a.labels = 21;
        a.pooling.features = {GetParam().feature};
        model_ = value_of(Model::random(a, 3, {.precision = GetParam().precision}));
        pixels_.resize(std::size_t{most} * 3 * 64 * 64);
        cases::Random random(4);
        for (float &pixel : pixels_) pixel = random.uniform(-1, 1);
    }

    Answers answers(Session &session, int first, int batch) {
        Answers its;
        const std::size_t labels = model_->architecture().labels;
        its.logits.resize(batch * labels);
        its.scores.resize(batch * labels);
        session.stage_times();
        const float *pixels = pixels_.data() + std::size_t{3} * 64 * 64 * first;
        EXPECT_TRUE(session.forward(pixels, batch, its.logits.data()));
        EXPECT_TRUE(session.scores(its.scores.data()));
        its.times = session.stage_times();
        return its;
    }

    std::optional<Model> model_;
    std::vector<float> pixels_;
};

TEST_P(BatchTest, NoDivisionChangesABit) {
    Session alone = value_of(Session::create(*model_, {.threads = 1}));
    std::vector<float> logits, scores;
    for (int image = 0; image < most; image++) {
        const Answers its = answers(alone, image, 1);
        logits.insert(logits.end(), its.logits.begin(), its.logits.end());
        scores.insert(scores.end(), its.scores.begin(), its.scores.end());
    }
    for (const int threads : {1, 2, 3, 5}) {
        Session session = value_of(Session::create(*model_, {.threads = threads, .max_batch = most}));
        for (const int batch : {most, 1, 2, 3, 4, 8, 12, most}) {
            SCOPED_TRACE(std::to_string(batch) + " by " + std::to_string(threads));
            const Answers its = answers(session, 0, batch);
            ASSERT_EQ(std::memcmp(its.logits.data(), logits.data(), its.logits.size() * sizeof(float)), 0);
            ASSERT_EQ(std::memcmp(its.scores.data(), scores.data(), its.scores.size() * sizeof(float)), 0);
        }
    }
}

// Whoever computes it, the work is the same.
TEST_P(BatchTest, StageTimesAreOfTheWholeBatch) {
    std::map<std::string, double> flop;  // of an image
    Session alone = value_of(Session::create(*model_, {.threads = 1}));
    for (const StageTime &time : answers(alone, 0, 1).times) flop[time.name] = time.flop;
    ASSERT_FALSE(flop.empty());
    for (const int threads : {1, 2, 3}) {
        Session session = value_of(Session::create(*model_, {.threads = threads, .max_batch = most}));
        const Answers its = answers(session, 0, most);
        EXPECT_EQ(its.times.size(), flop.size());
        for (const StageTime &time : its.times) {
            EXPECT_NEAR(time.flop, most * flop[time.name], 1e-9 * time.flop) << time.name;
            EXPECT_GT(time.calls, 0);
            EXPECT_GT(time.milliseconds, 0);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Models, BatchTest,
    testing::Values(Case{"an_image_a_pass", 4}, Case{"three_images_a_pass", 8},
                    Case{"twelve_images_a_pass", 16},
                    Case{"mean_of_patches", 8, Precision::f32, Feature::patch_mean},
                    Case{"i16", 8, Precision::i16}, Case{"i8", 8, Precision::i8},
                    Case{"i8_an_image_a_pass", 4, Precision::i8, Feature::patch_mean}),
    [](const auto &its) { return its.param.name; });

}  // namespace
}  // namespace vit::test
