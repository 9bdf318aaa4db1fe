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

TEST(FashionMnist, every_test_image_is_classified_as_by_pytorch) {
    constexpr int images = 10000, labels = 10, batch = 50;
    // Big-endian: the type (8: uint8) and the number of dimensions, then 10000 (0x2710), 28, 28.
    const auto pictures = read_idx("t10k-images-idx3-ubyte.gz",
                                   {0, 0, 8, 3, 0, 0, 0x27, 0x10, 0, 0, 0, size, 0, 0, 0, size});
    const auto truth = read_idx("t10k-labels-idx1-ubyte.gz", {0, 0, 8, 1, 0, 0, 0x27, 0x10});
    std::ifstream file(model_directory + "/reference-predictions.u8", std::ios::binary);
    const std::vector<char> predictions((std::istreambuf_iterator<char>(file)), {});
    const Npy logits = read_npy(model_directory + "/reference-logits.npy");  // of the first 64
    ASSERT_EQ(pictures.size(), std::size_t{images} * size * size);
    ASSERT_EQ(truth.size(), std::size_t{images});
    ASSERT_EQ(predictions.size(), std::size_t{images});
    ASSERT_EQ(logits.shape, (std::vector<int>{64, labels}));

    const auto model = Model::load(model_directory);
    ASSERT_TRUE(model) << model.error().message;
    auto session = Session::create(*model, {.threads = 0, .max_batch = batch});
    ASSERT_TRUE(session) << session.error().message;
    std::vector<float> pixels(std::size_t{batch} * 3 * size * size), found(batch * labels);
    int correct = 0, different = 0;
    for (int first = 0; first < images; first += batch) {
        for (int b = 0; b < batch; b++) {
            const ImageView picture{&pictures[std::size_t(first + b) * size * size], size, size, 1, 0};
            const auto done = session->preprocess(picture, &pixels[std::size_t(b) * 3 * size * size]);
            ASSERT_TRUE(done) << done.error().message;
        }
        std::fill(found.begin(), found.end(), NAN);
        const auto done = session->forward(pixels.data(), batch, found.data());
        ASSERT_TRUE(done) << done.error().message;
        for (int b = 0; b < batch; b++) {
            const int image = first + b;
            const int prediction = top_k(&found[b * labels], labels, 1).at(0).index;
            correct += prediction == truth[image];
            different += prediction != predictions[image];
            if (image >= logits.shape[0]) continue;
            SCOPED_TRACE("image " + std::to_string(image));
            expect_logits(&found[b * labels], logits.item(image), labels);
        }
    }
    EXPECT_EQ(different, 0) << "predictions of " << images;
    EXPECT_EQ(correct, 8871);
    std::printf("Fashion-MNIST: %.2f %% of %d test images correct, %d predicted otherwise than by PyTorch\n",
                100.0 * correct / images, images, different);
}

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
