// How `vit classify` reads pictures: its options are the library's.
#include <filesystem>
#include <tuple>
#include <utility>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/npy.h"
#include "tests/support/run_command.h"
#include "tests/support/source_directory.h"
#include "vit/vit.h"

namespace vit::test {

namespace {

using testing::HasSubstr;
using Json = nlohmann::json;
using Strings = std::vector<std::string>;

const std::string bundled = source_directory() + "/models/fashion-mnist";
const std::string pictures = source_directory() + "/tests/data/images/";

class ClassifyOptions : public testing::Test {
protected:
    // What the network sees of a picture, or the sentence that says why nothing.
    std::string by_command(const std::string &path, Strings options) const {
        const Strings always = {"classify", bundled, path, "--format", "json", "--dump-input",
                                files_.file("input.npy")};
        options.insert(options.begin(), always.begin(), always.end());
        const Outcome outcome = vit_command(options);
        EXPECT_EQ(outcome.err, "");
        if (outcome.status == 1) return Json::parse(outcome.out).at("error");
        EXPECT_EQ(outcome.status, 0);
        const auto values = read_npy(files_.file("input.npy")).values;
        return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
    }
    static std::string by_library(const std::string &path, const ImageOptions &options) {
        const auto model = Model::load(bundled);
        auto session = Session::create(*model);
        const auto image = Image::read(path, options);
        if (!image) return image.error().message;
        std::vector<float> values(3 * 28 * 28);
        EXPECT_TRUE(session->preprocess(image->view(), values.data()));
        return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
    }

    TemporaryDirectory files_;
};

// blocks.jpg with an EXIF block that says that its right side is up.
std::string turned() {
    const std::string jpeg = read_file(pictures + "blocks.jpg");
    using namespace std::string_literals;
    const std::string exif = "\xff\xe1\x00\x22"s
                             "Exif\0\0"s
                             "MM\0\x2a\0\0\0\x08"s
                             "\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"s;
    return jpeg.substr(0, 2) + exif + jpeg.substr(2);
}

TEST_F(ClassifyOptions, MeanWhatTheLibrarySays) {
    files_.write("turned.jpg", turned());
    const std::string jpeg = read_file(pictures + "blocks.jpg");
    files_.write("cut.jpg", jpeg.substr(0, jpeg.size() - 4));
    std::string large = "P6 300 200 255\n";
    for (int i = 0; i < 300 * 200 * 3; i++) large += static_cast<char>(i * i / 1000);
    files_.write("large.ppm", large);
    const ImageOptions draft = Model::load(bundled)->draft();
    const std::vector<std::tuple<std::string, Strings, ImageOptions>> cases = {
        {files_.file("turned.jpg"), {}, {}},
        {files_.file("turned.jpg"), {"--no-orientation"}, {.orientation = false}},
        {pictures + "rgba.tga", {"--alpha", "white"}, {}},
        {pictures + "rgba.tga", {"--alpha", "drop"}, {.alpha = Alpha::drop}},
        {files_.file("cut.jpg"), {}, {}},
        {files_.file("cut.jpg"), {"--accept-truncated"}, {.accept_truncated = true}},
        {files_.file("large.ppm"), {"--max-pixels", "60000"}, {.max_pixels = 60000}},
        {files_.file("large.ppm"), {"--max-pixels", "59999"}, {.max_pixels = 59999}},
        {files_.file("large.ppm"), {"--max-memory", "1k"}, {.max_memory = 1024}},
        {files_.file("large.ppm"), {"--max-memory", "1GiB"}, {.max_memory = 1 << 30}},
        {pictures + "blocks.jpg", {"--draft"}, draft},
    };
    for (const auto &[path, arguments, options] : cases) {
        EXPECT_EQ(by_command(path, arguments), by_library(path, options))
            << path << " " << testing::PrintToString(arguments);
    }
    const auto by = [&](const std::string &path, const Strings &words) { return by_command(path, words); };
    EXPECT_NE(by(pictures + "rgba.tga", {}), by(pictures + "rgba.tga", {"--alpha", "drop"}));
    EXPECT_NE(by(files_.file("turned.jpg"), {}), by(pictures + "blocks.jpg", {}));
    EXPECT_EQ(by(files_.file("turned.jpg"), {"--no-orientation"}), by(pictures + "blocks.jpg", {}));
    EXPECT_THAT(by(files_.file("large.ppm"), {"--max-pixels", "59999"}), HasSubstr("more than 59999"));
}

TEST_F(ClassifyOptions, OutOfRangeAreRefused) {
    const std::vector<Strings> cases = {
        {"--alpha", "black"},        {"--max-pixels", "0"},  {"--max-pixels", "1e6"},
        {"--max-pixels", "268435457"}, {"--max-memory", "0"}, {"--max-memory", "2X"},
        {"--max-memory", "G"},       {"--max-memory", "2GG"}, {"--max-memory", "9999999999G"},
        {"--max-memory", "-1"},
    };
    for (const Strings &c : cases) {
        const Outcome outcome = vit_command({"classify", bundled, pictures + "rgb.png", c[0], c[1]});
        EXPECT_EQ(outcome.status, 2) << c[1];
        EXPECT_EQ(outcome.out, "");
        EXPECT_THAT(outcome.err, testing::AllOf(HasSubstr(c[0]), HasSubstr("'" + c[1] + "'")));
    }
}

TEST(Draft, IsOfTheSizeThatPreprocessingResizesTo) {
    const TemporaryDirectory directory;
    std::filesystem::copy(bundled, directory.path(), std::filesystem::copy_options::recursive);
    const auto with = [&](const std::string &change) {
        Json config = Json::parse(read_file(bundled + "/preprocessor_config.json"));
        config.merge_patch(Json::parse(change));
        directory.write("preprocessor_config.json", config.dump());
        const auto model = Model::load(directory.path());
        EXPECT_TRUE(model) << model.error().message;
        const ImageOptions draft = model->draft({.alpha = Alpha::drop, .draft_width = 7, .draft_height = 7});
        EXPECT_EQ(draft.alpha, Alpha::drop);
        return std::pair(draft.draft_width, draft.draft_height);
    };
    using Size = std::pair<int, int>;
    EXPECT_EQ(with("{}"), Size(28, 28));
    EXPECT_EQ(with(R"({"size": {"width": null, "height": null, "shortest_edge": 32}, "do_center_crop": true,
                       "crop_size": {"width": 28, "height": 28}})"),
              Size(32, 32));
    EXPECT_EQ(with(R"({"size": {"width": 40, "height": 36}, "do_center_crop": true,
                       "crop_size": {"width": 28, "height": 28}})"),
              Size(40, 36));
    EXPECT_EQ(with(R"({"do_resize": false, "do_center_crop": true,
                       "crop_size": {"width": 28, "height": 28}})"),
              Size(0, 0));
}

}  // namespace

}  // namespace vit::test
