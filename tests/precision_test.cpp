// Models in other precisions than float32: their answers beside those of float32, and of the libraries that
// made them.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/backends.h"
#include "tests/support/expect_error.h"
#include "tests/support/golden.h"
#include "tests/support/saved_model.h"
#include "tests/support/temporary_directory.h"
#include "vit/fields.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

const std::string bundled = source_directory() + "/models/fashion-mnist";

template<typename T>
T value_of(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Those that compute on a processor.
std::vector<std::string> processors() {
    std::vector<std::string> names = tested_backends();
    std::erase_if(names, [](const std::string &name) {
        const std::vector<BackendInfo> all = backends();
        const auto its = std::find_if(all.begin(), all.end(), [&](const auto &b) { return b.name == name; });
        return !its->devices.empty();
    });
    return names;
}

Model load(const std::string &directory, const std::string &backend, Precision precision) {
    return value_of(Model::load(directory, {.backend = backend, .precision = precision}));
}

std::vector<float> logits_of(const Model &model, const std::vector<float> &pixels, int batch,
                             int threads = 2) {
    Session session = value_of(Session::create(model, {.threads = threads, .max_batch = batch}));
    std::vector<float> logits(static_cast<std::size_t>(batch) * model.architecture().labels, NAN);
    value_of(session.forward(pixels.data(), batch, logits.data()));
    return logits;
}

double cosine(const float *a, const float *b, std::size_t n) {
    double dot = 0, squares_of_a = 0, squares_of_b = 0;
    for (std::size_t i = 0; i < n; i++) {
        dot += double(a[i]) * b[i];
        squares_of_a += double(a[i]) * a[i];
        squares_of_b += double(b[i]) * b[i];
    }
    return dot / std::sqrt(squares_of_a * squares_of_b);
}

// |a - b| / |a|
double relative_error(const std::vector<float> &a, const std::vector<float> &b) {
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); i++) {
        difference += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
        size += double(a[i]) * a[i];
    }
    return std::sqrt(difference / size);
}

// Pictures that are no noise: smooth, each of its own frequencies.
std::vector<float> smooth_pixels(const Architecture &a, int batch) {
    std::vector<float> pixels;
    for (int b = 0; b < batch; b++) {
        for (int c = 0; c < a.channels; c++) {
            for (int y = 0; y < a.image_height; y++) {
                for (int x = 0; x < a.image_width; x++) {
                    const double u = double(x) / a.image_width, v = double(y) / a.image_height;
                    pixels.push_back(static_cast<float>(std::sin((3 + b) * u + c) * std::cos(5 * v - b) +
                                                        0.3 * std::sin(40 * u * v + b)));
                }
            }
        }
    }
    return pixels;
}

class PrecisionTest : public testing::TestWithParam<std::tuple<std::string, Precision>> {
protected:
    const std::string &backend() const { return std::get<0>(GetParam()); }
    Precision precision() const { return std::get<1>(GetParam()); }
    bool is_close() const { return precision() == Precision::f16 || precision() == Precision::i16; }
    double least_cosine() const { return is_close() ? 0.99999 : 0.9992; }
    double most_error_of_tokens() const { return is_close() ? 0.005 : 0.03; }
};

// Random weights are hard on a cosine: logits are small and alike.
TEST_P(PrecisionTest, random_vit_b16_is_close_to_float32) {
    const Architecture a = value_of(named_architecture("vit-b16"));
    constexpr int batch = 2;
    const std::vector<float> pixels = smooth_pixels(a, batch);
    const auto logits = [&](Precision p) {
        const Model model = value_of(Model::random(a, 0, {.backend = backend(), .precision = p}));
        return logits_of(model, pixels, batch);
    };
    const std::vector<float> expected = logits(Precision::f32), found = logits(precision());
    for (int b = 0; b < batch; b++) {
        const std::size_t at = static_cast<std::size_t>(b) * a.labels;
        EXPECT_GE(cosine(&expected[at], &found[at], a.labels), least_cosine()) << "image " << b;
    }
    EXPECT_NE(std::memcmp(expected.data(), found.data(), expected.size() * sizeof(float)), 0);
}

TEST_P(PrecisionTest, golden_models_answer_as_their_libraries) {
    int models = 0;
    for (const std::string &directory : golden_directories(false)) {
        SCOPED_TRACE(directory);
        const auto model = Model::load(directory, {.backend = backend(), .precision = precision()});
        const Activation activation = load(directory, backend(), Precision::f32).architecture().activation;
        const bool is_seldom = activation != Activation::gelu_erf && activation != Activation::gelu_tanh &&
                               activation != Activation::quick_gelu;
        EXPECT_EQ(!model, is_seldom) << vit::name_of(activation);
        if (!model) {  // seldom activations are compiled for float32 alone
            EXPECT_EQ(model.error().code, ErrorCode::backend);
            EXPECT_NE(model.error().message.find("was compiled without linear"), std::string::npos)
                << model.error().message;
            continue;
        }
        const Golden golden(directory);
        const int labels = golden.labels();
        const std::vector<float> found = logits_of(*model, golden.pixels.values, golden.batch());
        for (int b = 0; b < golden.batch(); b++) {
            EXPECT_GE(cosine(golden.logits.item(b), &found[std::size_t(b) * labels], labels),
                      least_cosine())
                << "image " << b;
        }
        models++;
    }
    EXPECT_GE(models, 35);
}

TEST_P(PrecisionTest, batches_and_threads_change_no_bit) {
    const Model model = load(bundled, backend(), precision());
    constexpr int batch = 5;
    const std::vector<float> pixels = smooth_pixels(model.architecture(), batch);
    const std::vector<float> expected = logits_of(model, pixels, batch, 1);
    for (const int threads : {1, 2, 3, 7}) {
        const std::vector<float> found = logits_of(model, pixels, batch, threads);
        EXPECT_EQ(std::memcmp(found.data(), expected.data(), expected.size() * sizeof(float)), 0) << threads;
    }
    const std::size_t values = pixels.size() / batch, labels = expected.size() / batch;
    for (int b = 0; b < batch; b++) {
        const std::vector<float> one(pixels.begin() + std::ptrdiff_t(b * values),
                                     pixels.begin() + std::ptrdiff_t((b + 1) * values));
        const std::vector<float> found = logits_of(model, one, 1);
        EXPECT_EQ(std::memcmp(found.data(), &expected[b * labels], labels * sizeof(float)), 0);
    }
}

TEST_P(PrecisionTest, a_pixel_that_is_not_a_number_is_seen) {
    const Model model = load(bundled, backend(), precision());
    std::vector<float> pixels = smooth_pixels(model.architecture(), 2);
    const std::vector<float> before = logits_of(model, pixels, 2);
    pixels[100] = NAN;
    const std::vector<float> found = logits_of(model, pixels, 2);
    const std::size_t labels = found.size() / 2;
    EXPECT_TRUE(std::none_of(found.data(), &found[labels], [](float v) { return std::isfinite(v); }));
    EXPECT_EQ(std::memcmp(&found[labels], &before[labels], labels * sizeof(float)), 0);
}

TEST_P(PrecisionTest, a_packed_file_answers_the_same_bits_and_keeps_its_accuracy) {
    const TemporaryDirectory directory;
    const std::string file = directory.path() + "/model.vit";
    const Model model = load(bundled, backend(), precision());
    EXPECT_EQ(model.precision(), precision());
    EXPECT_FALSE(model.accuracy());
    const Accuracy accuracy{1000, 998, 0.99987654321, 0.9999, 0.0123};
    value_of(model.save_packed(file, accuracy));
    const Model packed = value_of(Model::load(file, {.backend = backend()}));
    EXPECT_EQ(packed.precision(), precision());
    ASSERT_TRUE(packed.accuracy());
    EXPECT_EQ(packed.accuracy()->pictures, 1000);
    EXPECT_EQ(packed.accuracy()->agreeing, 998);
    EXPECT_EQ(packed.accuracy()->lowest_cosine, 0.99987654321);
    EXPECT_EQ(packed.accuracy()->mean_cosine, 0.9999);
    EXPECT_EQ(packed.accuracy()->largest_difference, 0.0123);
    const std::vector<float> pixels = smooth_pixels(model.architecture(), 3);
    const std::vector<float> expected = logits_of(model, pixels, 3), found = logits_of(packed, pixels, 3);
    EXPECT_EQ(std::memcmp(found.data(), expected.data(), expected.size() * sizeof(float)), 0);
    expect_error(Model::load(file, {.backend = backend(), .precision = Precision::f32}), ErrorCode::argument,
                 {"was packed with precision", vit::name_of(precision())});
}

// The bundled model, its last token as the logits: the classifier is the identity.
SavedModel tokens_of_bundled() {
    SavedModel model = read_saved_model(bundled);
    const int width = model.config["hidden_size"];
    NamedTensor &weight = model.tensor("classifier.weight"), &bias = model.tensor("classifier.bias");
    weight = {"classifier.weight", {width, width}, std::vector<float>(std::size_t(width) * width)};
    bias = {"classifier.bias", {width}, std::vector<float>(width)};
    nlohmann::json names = nlohmann::json::object(), numbers = nlohmann::json::object();
    for (int i = 0; i < width; i++) {
        weight.values[std::size_t(i) * width + i] = 1;
        const std::string name = std::to_string(i);
        names[name] = name;
        numbers[name] = i;
    }
    model.config["id2label"] = names;
    model.config["label2id"] = numbers;
    return model;
}

constexpr int outliers[] = {3, 40, 77, 101};
constexpr float far = 100;

void scale_rows(NamedTensor &tensor, float factor) {
    const std::size_t inputs = tensor.shape.size() > 1 ? tensor.shape[1] : 1;
    for (const int c : outliers) {
        for (std::size_t k = 0; k < inputs; k++) tensor.values[c * inputs + k] *= factor;
    }
}

void scale_columns(NamedTensor &tensor, float factor) {
    const std::size_t inputs = tensor.shape[1];
    for (std::size_t row = 0; row < static_cast<std::size_t>(tensor.shape[0]); row++) {
        for (const int c : outliers) tensor.values[row * inputs + c] *= factor;
    }
}

// A few channels of what norms and attention give to the next layer are made a hundred times as large, and
// the weights that read them a hundredth: float32 answers as before.
void add_outliers(SavedModel &model) {
    const int depth = model.config["num_hidden_layers"];
    for (int i = 0; i < depth; i++) {
        const std::string block = "vit.encoder.layer." + std::to_string(i) + ".";
        const auto its = [&](const std::string &name) -> NamedTensor & {
            return model.tensor(block + name);
        };
        const std::string attention = "attention.attention.";
        for (const std::string part : {".weight", ".bias"}) {
            scale_rows(its("layernorm_before" + part), far);
            scale_rows(its("layernorm_after" + part), far);
            scale_rows(its(attention + "value" + part), far);
        }
        for (const std::string layer : {"query", "key", "value"}) {
            scale_columns(its(attention + layer + ".weight"), 1 / far);
        }
        scale_columns(its("intermediate.dense.weight"), 1 / far);
        scale_columns(its("attention.output.dense.weight"), 1 / far);
    }
}

// A few channels of the residual stream stand out, as those of large trained models do.
void add_outliers_to_stream(SavedModel &model) {
    NamedTensor &positions = model.tensor("vit.embeddings.position_embeddings");
    const std::size_t width = model.config["hidden_size"], tokens = positions.values.size() / width;
    double squares = 0;
    for (const float value : positions.values) squares += double(value) * value;
    const auto typical = static_cast<float>(std::sqrt(squares / double(positions.values.size())));
    for (std::size_t t = 0; t < tokens; t++) {
        for (const int c : outliers) positions.values[t * width + c] += (c % 2 ? far : -far) * typical;
    }
}

class OutlierTest : public PrecisionTest {
protected:
    void expect_tokens_close(const SavedModel &saved) {
        const TemporaryDirectory directory;
        saved.write(directory);
        const Model exact = load(directory.path(), backend(), Precision::f32);
        const std::vector<float> pixels = smooth_pixels(exact.architecture(), 8);
        const Model fixed = load(directory.path(), backend(), precision());
        const std::vector<float> expected = logits_of(exact, pixels, 8), found = logits_of(fixed, pixels, 8);
        EXPECT_LE(relative_error(expected, found), most_error_of_tokens());
    }
};

TEST_P(OutlierTest, tokens_of_the_model_as_it_is) { expect_tokens_close(tokens_of_bundled()); }

TEST_P(OutlierTest, a_few_channels_of_what_layers_read_are_a_hundred_times_the_others) {
    SavedModel model = tokens_of_bundled();
    add_outliers(model);
    expect_tokens_close(model);
}

TEST_P(OutlierTest, a_few_channels_of_the_residual_stream_are_a_hundred_times_the_others) {
    SavedModel model = tokens_of_bundled();
    add_outliers_to_stream(model);
    expect_tokens_close(model);
}

std::string name_of_case(const testing::TestParamInfo<std::tuple<std::string, Precision>> &info) {
    std::string name = std::get<0>(info.param) + "_" + vit::name_of(std::get<1>(info.param));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

const auto everywhere = testing::Combine(testing::ValuesIn(processors()),
                                         testing::Values(Precision::f16, Precision::bf16, Precision::i16,
                                                         Precision::i8));
INSTANTIATE_TEST_SUITE_P(backends, PrecisionTest, everywhere, name_of_case);
INSTANTIATE_TEST_SUITE_P(backends, OutlierTest, everywhere, name_of_case);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PrecisionTest);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OutlierTest);

// A head is one group, whose sums would overflow.
TEST(Precision, heads_that_sums_have_no_room_for_are_refused) {
    Architecture a;
    a.image_height = a.image_width = 32;
    a.width = 512;
    a.heads = a.depth = 1;
    a.mlp_width = 32;
    for (const std::string &backend : processors()) {
        ModelOptions options;
        options.backend = backend;
        options.precision = Precision::i16;
        expect_error(Model::random(a, 0, options), ErrorCode::unsupported, {"512", "i16"});
        a.heads = 2;
        EXPECT_TRUE(Model::random(a, 0, options));
        a.heads = 1;
        options.precision = Precision::i8;
        EXPECT_TRUE(Model::random(a, 0, options));
    }
}

// A device computes in float32.
TEST(Precision, devices_refuse_what_is_not_float32) {
    for (const BackendInfo &backend : backends()) {
        if (!backend.supported || backend.devices.empty()) continue;
        expect_error(Model::load(bundled, {.backend = backend.name, .precision = Precision::i16}),
                     ErrorCode::backend, {"computes on a device"});
    }
}

}  // namespace
}  // namespace vit::test
