// Photographs as timm, torchvision and transformers make them into an input, to the bit
// (tests/golden/make_preprocessing.py): settings go the way of a checkpoint's, and pixels come out of the
// library's kernels.
#include <cmath>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runtime/backend/backend.h"
#include "runtime/backend/kernel_context.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/preprocess/preprocess_plan.h"
#include "tests/support/npy.h"
#include "tests/support/saved_families.h"
#include "tests/support/source_directory.h"

namespace vit::test {
namespace {

using Json = nlohmann::json;

const std::string folder = source_directory() + "/tests/golden/preprocessing/";

// The polynomial of zlib, PNG and Ethernet.
std::uint32_t crc32(const void *bytes, std::size_t size) {
    std::uint32_t crc = ~0u;
    for (std::size_t i = 0; i < size; i++) {
        crc ^= static_cast<const unsigned char *>(bytes)[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

// The smallest model whose files may hold these settings.
SavedModel model_with(const std::string &library, const Json &settings, int height, int width) {
    Architecture a;
    a.image_height = height;
    a.image_width = width;
    a.patch_height = a.patch_width = 8;
    a.width = 2;
    a.depth = a.heads = a.labels = 1;
    a.mlp_width = 2;
    if (library == "timm") {
        SavedModel model = timm_model(a);
        model.config["pretrained_cfg"].update(settings);
        return model;
    }
    if (library == "torchvision") {
        if (!settings.contains("weights")) {
            SavedModel model = torchvision_model(a);
            model.config["torchvision"]["transforms"] = settings["transforms"];
            return model;
        }
        a.patch_height = a.patch_width = 16;
        a.width = settings["weights"].get<std::string>().starts_with("ViT_L") ? 1024 : 768;
        SavedModel model = torchvision_model(a);
        model.config["torchvision"] = settings;
        return model;
    }
    a.prefix.distillation_token = true;
    a.prefix.positioned = 2;
    SavedModel model = deit_model(a);
    model.preprocessor = settings;
    return model;
}

std::vector<float> pixels_of(const Preprocessing &preprocessing, const Image &picture, int height,
                             int width) {
    install_halide_handlers();
    KernelContext context(2);
    const PreprocessKernels kernels = *PreprocessKernels::find(**choose_backend(""));
    Result<PreprocessPlan> plan = plan_preprocess(preprocessing, picture.width(), picture.height());
    EXPECT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->height, height);
    EXPECT_EQ(plan->width, width);
    std::vector<float> pixels(std::size_t{3} * plan->height * plan->width, NAN);
    const Result<void> done = run_preprocess(kernels, context, *plan, picture.view(), pixels.data());
    EXPECT_TRUE(done) << done.error().message;
    return pixels;
}

TEST(PreprocessingGolden, photographs_become_what_the_libraries_make_of_them) {
    std::ifstream file(folder + "cases.json");
    const Json cases = Json::parse(file);
    EXPECT_EQ(cases.size(), 166u);
    Json settings;
    Result<Checkpoint> checkpoint = tl::unexpected<Error>(Error{});
    for (const Json &golden : cases) {
        SCOPED_TRACE(golden.dump());
        const int height = golden["height"], width = golden["width"];
        if (golden["settings"] != settings) {
            settings = golden["settings"];
            const TemporaryDirectory directory;
            model_with(golden["library"], settings, height, width).write(directory);
            checkpoint = read_checkpoint(directory.path());
        }
        ASSERT_TRUE(checkpoint) << checkpoint.error().message;
        const Result<Image> picture = Image::read(folder + golden["picture"].get<std::string>());
        ASSERT_TRUE(picture) << picture.error().message;
        const std::vector<float> pixels = pixels_of(checkpoint->preprocessing, *picture, height, width);
        const std::uint32_t crc = std::stoul(golden["crc32"].get<std::string>(), nullptr, 16);
        EXPECT_EQ(crc32(pixels.data(), pixels.size() * sizeof(float)), crc);
        if (!golden.contains("pixels")) continue;
        const std::vector<float> expected = read_npy(folder + golden["pixels"].get<std::string>()).values;
        ASSERT_EQ(pixels.size(), expected.size());
        for (std::size_t i = 0; i < pixels.size(); i++) {
            ASSERT_EQ(std::memcmp(&pixels[i], &expected[i], sizeof(float)), 0)
                << "value " << i << " is " << pixels[i] << ", should be " << expected[i];
        }
    }
}

}  // namespace
}  // namespace vit::test
