// The bundled model on all test images of Fashion-MNIST, through the public interface: PyTorch's prediction
// for every one.

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/support/golden.h"
#include "tests/support/source_directory.h"
#include "vit/fields.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

const std::string model_directory = source_directory() + "/models/fashion-mnist";
constexpr int size = 28;

// The values of a compressed idx file of uint8, whose header (type, sizes) must be the expected bytes.
std::vector<std::uint8_t> read_idx(const std::string &name, const std::vector<std::uint8_t> &header) {
    const std::string path = std::string(VIT_FASHION_MNIST_DIR "/") + name;
    const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen(path.c_str(), "rb"), gzclose);
    if (!file) throw std::runtime_error(path + " cannot be read; Debian's dataset-fashion-mnist has it");
    std::vector<std::uint8_t> content;
    std::vector<std::uint8_t> part(1 << 20);
    int count;
    while ((count = gzread(file.get(), part.data(), static_cast<unsigned>(part.size()))) > 0) {
        content.insert(content.end(), part.begin(), part.begin() + count);
    }
    const auto length = static_cast<std::ptrdiff_t>(std::min(header.size(), content.size()));
    const auto values = content.begin() + length;
    if (count < 0 || std::vector(content.begin(), values) != header) {
        throw std::runtime_error(path + " is not the data set");
    }
    return {values, content.end()};
}

constexpr int images = 10000, labels = 10, batch = 50;

struct TestImages {
    // Big-endian: the type (8: uint8) and the number of dimensions, then 10000 (0x2710), 28, 28.
    std::vector<std::uint8_t> pictures = read_idx(
        "t10k-images-idx3-ubyte.gz", {0, 0, 8, 3, 0, 0, 0x27, 0x10, 0, 0, 0, size, 0, 0, 0, size});
    std::vector<std::uint8_t> truth =
        read_idx("t10k-labels-idx1-ubyte.gz", {0, 0, 8, 1, 0, 0, 0x27, 0x10});
};

template<typename T>
T value_of(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// [image, label]
std::vector<float> logits_of_all(const std::vector<std::uint8_t> &pictures, const ModelOptions &options) {
    const Model model = value_of(Model::load(model_directory, options));
    Session session = value_of(Session::create(model, {.threads = 0, .max_batch = batch}));
    std::vector<float> pixels(std::size_t{batch} * 3 * size * size);
    std::vector<float> logits(std::size_t{images} * labels, NAN);
    for (int first = 0; first < images; first += batch) {
        for (int b = 0; b < batch; b++) {
            const ImageView picture{&pictures[std::size_t(first + b) * size * size], size, size, 1, 0};
            value_of(session.preprocess(picture, &pixels[std::size_t(b) * 3 * size * size]));
        }
        value_of(session.forward(pixels.data(), batch, &logits[std::size_t(first) * labels]));
    }
    return logits;
}

int best_of(const float *logits) {
    return static_cast<int>(std::max_element(logits, logits + labels) - logits);
}

TEST(FashionMnist, every_test_image_is_classified_as_by_pytorch) {
    const TestImages test;
    std::ifstream file(model_directory + "/reference-predictions.u8", std::ios::binary);
    const std::vector<char> predictions((std::istreambuf_iterator<char>(file)), {});
    const Npy logits = read_npy(model_directory + "/reference-logits.npy");  // of the first 64
    ASSERT_EQ(test.pictures.size(), std::size_t{images} * size * size);
    ASSERT_EQ(test.truth.size(), std::size_t{images});
    ASSERT_EQ(predictions.size(), std::size_t{images});
    ASSERT_EQ(logits.shape, (std::vector<int>{64, labels}));

    const std::vector<float> found = logits_of_all(test.pictures, {});
    int correct = 0, different = 0;
    for (int i = 0; i < images; i++) {
        const int prediction = best_of(&found[std::size_t(i) * labels]);
        correct += prediction == test.truth[i];
        different += prediction != predictions[i];
        if (i >= logits.shape[0]) continue;
        SCOPED_TRACE("image " + std::to_string(i));
        expect_logits(&found[std::size_t(i) * labels], logits.item(i), labels);
    }
    EXPECT_EQ(different, 0) << "predictions of " << images;
    EXPECT_EQ(correct, 8871);
    std::printf("Fashion-MNIST: %.2f %% of %d test images correct, %d predicted otherwise than by PyTorch\n",
                100.0 * correct / images, images, different);
}

struct PrecisionLimits {
    Precision precision;
    int most_different;    // predictions from PyTorch's
    int least_correct;     // of 8871 in float32: 0.3 points less for i8
    double least_cosine;   // of any image's logits to those of float32
};

class FashionMnistPrecision : public testing::TestWithParam<PrecisionLimits> {};

TEST_P(FashionMnistPrecision, test_images_are_classified_as_in_float32) {
    const PrecisionLimits limits = GetParam();
    const TestImages test;
    ModelOptions options;
    const std::vector<float> exact = logits_of_all(test.pictures, options);
    options.precision = limits.precision;
    const std::vector<float> found = logits_of_all(test.pictures, options);
    int correct = 0, different = 0;
    double least = 1;
    for (int i = 0; i < images; i++) {
        const float *a = &exact[std::size_t(i) * labels], *b = &found[std::size_t(i) * labels];
        correct += best_of(b) == test.truth[i];
        different += best_of(a) != best_of(b);
        double dot = 0, of_a = 0, of_b = 0;
        for (int n = 0; n < labels; n++) {
            dot += double(a[n]) * b[n];
            of_a += double(a[n]) * a[n];
            of_b += double(b[n]) * b[n];
        }
        least = std::min(least, dot / std::sqrt(of_a * of_b));
    }
    EXPECT_LE(different, limits.most_different);
    EXPECT_GE(correct, limits.least_correct);
    EXPECT_GE(least, limits.least_cosine);
    std::printf("Fashion-MNIST in %s: %.2f %% correct, %d predicted otherwise than in f32, cosine %.7f\n",
                name_of(limits.precision), 100.0 * correct / images, different, least);
}

INSTANTIATE_TEST_SUITE_P(precisions, FashionMnistPrecision,
                         testing::Values(PrecisionLimits{Precision::i16, 5, 8871 - 5, 0.99999},
                                         PrecisionLimits{Precision::i8, images, 8871 - 30, 0.9992}),
                         [](const auto &tested) { return std::string(name_of(tested.param.precision)); });

// "T-shirt/top" -> "t-shirt-top", as make_images.py names the pictures.
std::string file_name(const std::string &label) {
    std::string name;
    for (const char c : label) {
        name += std::isalpha(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : '-';
    }
    return name;
}

TEST(FashionMnist, the_bundled_pictures_are_classified_as_their_names_say) {
    const auto model = Model::load(model_directory);
    ASSERT_TRUE(model) << model.error().message;
    auto session = Session::create(*model);
    ASSERT_TRUE(session) << session.error().message;
    int pictures = 0;
    for (const auto &entry : std::filesystem::directory_iterator(model_directory + "/images")) {
        const auto best = session->classify_file(entry.path(), 1);
        ASSERT_TRUE(best) << best.error().message;
        ASSERT_EQ(best->size(), 1u);
        const std::string name = entry.path().stem(), label = file_name(model->label(best->front().index));
        EXPECT_TRUE(name == label || name == label + "-2") << name << " is taken for " << label;
        pictures++;
    }
    EXPECT_EQ(pictures, 12);
}

}  // namespace
}  // namespace vit::test
