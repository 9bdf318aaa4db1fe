// Whole models against the libraries that made them, through the public interface alone.
// VIT_GOLDEN_LARGE=DIRECTORY adds those that make_models.py --large or make_families.py --full made there.

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/backends.h"
#include "tests/support/golden.h"
#include "tests/support/temporary_directory.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

TEST(Golden, there_are_models) {
    EXPECT_GE(golden_directories(false).size(), 40u);
}

// The library's errors end the test with their sentence.
template<typename T>
T value_of(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::vector<float> forward(Session &session, const float *pixels, int batch, int labels) {
    std::vector<float> logits(std::size_t(batch) * labels, NAN);
    value_of(session.forward(pixels, batch, logits.data()));
    return logits;
}

bool same_bits(const std::vector<float> &a, const std::vector<float> &b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Every model on every backend that can run here.
class ModelTest : public testing::TestWithParam<std::tuple<std::string, std::string>> {
protected:
    const std::string &directory() const { return std::get<0>(GetParam()); }
    const std::string &backend() const { return std::get<1>(GetParam()); }

    Session session(int threads, int max_batch) const {
        return value_of(Session::create(model, {.threads = threads, .max_batch = max_batch}));
    }

    Golden golden{directory()};
    Model model = value_of(Model::load(directory(), {.backend = backend()}));
};

TEST_P(ModelTest, is_what_the_golden_files_hold) {
    EXPECT_EQ(model.backend().name, backend());
    const Architecture &a = model.architecture();
    const std::vector<int> pixels{golden.batch(), a.channels, a.image_height, a.image_width};
    EXPECT_EQ(golden.pixels.shape, pixels);
    EXPECT_EQ(golden.labels(), a.labels);
    const std::vector<int> picture{a.channels, a.image_height, a.image_width};
    EXPECT_EQ(golden.picture_pixels.shape, picture);
}

TEST_P(ModelTest, logits_are_those_of_its_library) {
    Session session = this->session(2, golden.batch());
    const int batch = golden.batch(), labels = golden.labels();
    const std::vector<float> logits = forward(session, golden.pixels.values.data(), batch, labels);
    for (int b = 0; b < batch; b++) {
        SCOPED_TRACE("input " + std::to_string(b));
        expect_logits(&logits[std::size_t(b) * labels], golden.logits.item(b), labels);
    }
}

// Neither an image's batch, nor its place there, nor the number of threads changes the order of a sum.
TEST_P(ModelTest, batches_and_threads_change_no_bit) {
    const int batch = golden.batch(), labels = golden.labels();
    Session alone = session(1, 1);
    std::vector<float> one_by_one;
    for (int b = 0; b < batch; b++) {
        const std::vector<float> logits = forward(alone, golden.pixels.item(b), 1, labels);
        one_by_one.insert(one_by_one.end(), logits.begin(), logits.end());
    }
    for (const int threads : {1, 2, 3}) {
        Session session = this->session(threads, batch + 1);
        EXPECT_EQ(session.threads(), threads);
        for (int part = 1; part <= batch; part++) {  // from the last image backwards: places change
            const float *pixels = golden.pixels.item(batch - part);
            const auto first = one_by_one.end() - std::ptrdiff_t{part} * labels;
            EXPECT_TRUE(same_bits(forward(session, pixels, part, labels), {first, one_by_one.end()}))
                << threads << " threads, the last " << part << " of " << batch << " images";
        }
    }
}

TEST_P(ModelTest, two_sessions_at_once_change_no_bit) {
    const int batch = golden.batch(), labels = golden.labels();
    Session alone = session(1, batch);
    const std::vector<float> expected = forward(alone, golden.pixels.values.data(), batch, labels);
    std::vector<Session> sessions;
    for (int i = 0; i < 2; i++) sessions.push_back(session(2, batch));
    constexpr int repeats = 5;
    std::vector<std::vector<float>> found(2 * repeats);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 2; i++) {
            threads.emplace_back([&, i] {
                for (int r = 0; r < repeats; r++) {
                    std::vector<float> &logits = found[i * repeats + r];
                    logits.assign(expected.size(), NAN);
                    const float *pixels = golden.pixels.values.data();
                    if (!sessions[i].forward(pixels, batch, logits.data())) logits.clear();
                }
            });
        }
    }
    for (const std::vector<float> &logits : found) EXPECT_TRUE(same_bits(logits, expected));
}

// Whatever the family: what is packed is all that there is.
TEST_P(ModelTest, packed_it_answers_the_same_bits) {
    const TemporaryDirectory directory;
    value_of(model.save_packed(directory.file("packed")));
    const Model packed = value_of(Model::load(directory.file("packed"), {.backend = backend()}));
    const int batch = golden.batch(), labels = golden.labels();
    Session session = this->session(2, batch);
    Session other = value_of(Session::create(packed, {.threads = 2, .max_batch = batch}));
    const float *pixels = golden.pixels.values.data();
    EXPECT_TRUE(same_bits(forward(session, pixels, batch, labels), forward(other, pixels, batch, labels)));
    for (int i = 0; i < labels; i++) EXPECT_EQ(packed.label(i), model.label(i));

    const Image picture = value_of(Image::read(golden.picture));
    std::vector<float> as_here(golden.picture_pixels.values.size(), NAN), as_there = as_here;
    value_of(session.preprocess(picture.view(), as_here.data()));
    value_of(other.preprocess(picture.view(), as_there.data()));
    EXPECT_TRUE(same_bits(as_here, as_there));
}

TEST_P(ModelTest, a_picture_becomes_the_pixels_of_its_library) {
    const Image picture = value_of(Image::read(golden.picture));
    Session session = this->session(2, 1);
    std::vector<float> pixels(golden.picture_pixels.values.size(), NAN);
    value_of(session.preprocess(picture.view(), pixels.data()));
    std::size_t different = 0;
    for (std::size_t i = 0; i < pixels.size(); i++) {
        if (std::memcmp(&pixels[i], &golden.picture_pixels.values[i], sizeof(float)) == 0) continue;
        if (different++ == 0) {
            ADD_FAILURE() << "value " << i << " is " << pixels[i] << ", should be "
                          << golden.picture_pixels.values[i];
        }
    }
    EXPECT_EQ(different, 0u) << "of " << pixels.size();
}

TEST_P(ModelTest, a_picture_is_classified_as_by_its_library) {
    const Npy &golden_logits = golden.picture_logits, &golden_scores = golden.picture_scores;
    const int labels = golden.labels();
    const Image picture = value_of(Image::read(golden.picture));
    Session session = this->session(2, 1);
    const std::vector<Prediction> best = value_of(session.classify(picture.view(), 5));

    // No score depends on the logits more steeply than this: |d softmax_i| <= 2 p_i (1 - p_i) max |d z|, and
    // p (1 - p) <= 1/4, as for the sigmoid.
    const Scores kind = model.architecture().scores;
    const double slope = kind == Scores::softmax ? 0.5 : kind == Scores::sigmoid ? 0.25 : 1;
    // exp, sum and quotient: a unit in the last place or two each, of scores that are then at most 1.
    const double rounding = kind == Scores::identity ? 0 : 8 * 0x1p-24;
    const double tolerance = slope * logit_tolerance(golden_logits.values.data(), labels) + rounding;
    std::vector<int> indices;
    for (const Prediction &prediction : best) {
        indices.push_back(prediction.index);
    }
    EXPECT_EQ(indices, largest_indices(golden_scores.values.data(), labels, 5));

    std::vector<float> scores(labels, NAN);
    value_of(session.scores(scores.data()));
    for (int i = 0; i < labels; i++) {
        EXPECT_NEAR(scores[i], golden_scores.values[i], tolerance) << "label " << i;
    }
    for (const Prediction &prediction : best) EXPECT_EQ(prediction.score, scores.at(prediction.index));

    const std::vector<Prediction> from_file = value_of(session.classify_file(golden.picture, labels + 7));
    ASSERT_EQ(static_cast<int>(from_file.size()), labels);
    for (std::size_t i = 0; i < best.size(); i++) {
        EXPECT_EQ(from_file[i].index, best[i].index);
        EXPECT_EQ(from_file[i].score, best[i].score);
    }

    const std::vector<float> logits = forward(session, golden.picture_pixels.values.data(), 1, labels);
    expect_logits(logits.data(), golden_logits.values.data(), labels);
}

TEST_P(ModelTest, labels_are_those_of_the_configuration) {
    std::ifstream file(directory() + "/config.json");
    const nlohmann::json config = nlohmann::json::parse(file);
    for (int i = 0; i < golden.labels(); i++) {
        std::string expected = "LABEL_" + std::to_string(i);
        if (config.contains("id2label")) expected = config["id2label"].at(std::to_string(i));
        if (config.contains("label_names")) {
            expected = config["label_descriptions"].at(config["label_names"].at(i).get<std::string>());
        }
        EXPECT_EQ(model.label(i), expected);
    }
    EXPECT_EQ(model.label(-1), "");
    EXPECT_EQ(model.label(golden.labels()), "");
}

std::string name_of(const testing::TestParamInfo<std::tuple<std::string, std::string>> &info) {
    const std::filesystem::path directory = std::get<0>(info.param);
    std::string name = directory.filename().string() + "_" + std::get<1>(info.param);
    std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(models, ModelTest,
                         testing::Combine(testing::ValuesIn(golden_directories()),
                                          testing::ValuesIn(tested_backends())),
                         name_of);

}  // namespace
}  // namespace vit::test
