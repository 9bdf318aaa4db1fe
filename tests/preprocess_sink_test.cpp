// Rows that are preprocessed as they are decoded: as the picture in whole, to the bit.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/picture/image.h"
#include "runtime/picture/rgb.h"
#include "tests/support/both_ways.h"
#include "tests/support/expect_error.h"
#include "tests/support/jpeg_writer.h"
#include "tests/support/picture_writer.h"
#include "tests/support/random.h"
#include "tests/support/source_directory.h"

namespace vit::test {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The kept pictures of the tests and of the fuzzers.
std::vector<fs::path> pictures() {
    std::vector<fs::path> all;
    for (const char *folder : {"/tests/data/images", "/tests/fuzz/corpus/image"}) {
        for (const auto &entry : fs::directory_iterator(source_directory() + folder)) {
            if (entry.path().extension() != ".py") all.push_back(entry.path());
        }
    }
    std::sort(all.begin(), all.end());
    return all;
}

std::vector<ImageOptions> all_options() {
    std::vector<ImageOptions> all(4);
    all[1].accept_truncated = true;
    all[2].alpha = Alpha::drop;
    all[2].orientation = false;
    all[3].draft_width = all[3].draft_height = 4;
    for (ImageOptions &options : all) options.max_pixels = 1 << 20;
    return all;
}

TEST(PreprocessSink, EveryKeptPictureIsTheSame) {
    BothWays both;
    int pixels = 0, sentences = 0;
    for (const fs::path &path : pictures()) {
        const std::string bytes = read_file(path);
        for (const ImageOptions &options : all_options()) {
            for (const Preprocessing &asked : BothWays::preprocessings()) {
                EXPECT_EQ(both.difference(bytes.data(), bytes.size(), options, asked), "") << path;
            }
        }
        const std::string answer = both.decoded_by_rows(bytes.data(), bytes.size(), {},
                                                        BothWays::preprocessings()[0]);
        (answer.starts_with("name: ") ? sentences : pixels)++;
    }
    EXPECT_GT(pixels, 40);
    EXPECT_GT(sentences, 5);
}

// Cut at each of its bytes: the same sentence, or what there is.
TEST(PreprocessSink, PicturesThatEndEarlyAreTheSame) {
    BothWays both;
    const Preprocessing asked = BothWays::preprocessings()[1];
    for (const char *name : {"blocks.jpg", "progressive.jpg", "grey.jpg", "restarts.jpg", "rgb.png",
                             "palette.png", "palette_alpha.png", "rgba.png", "grey16.png"}) {
        const std::string bytes = read_file(source_directory() + "/tests/data/images/" + name);
        for (std::size_t size = 0; size < bytes.size(); size++) {
            const std::string cut = bytes.substr(0, size);  // of its own, so that sanitizers see its end
            for (const bool accepted : {false, true}) {
                ImageOptions options;
                options.accept_truncated = accepted;
                ASSERT_EQ(both.difference(cut.data(), cut.size(), options, asked), "")
                    << name << ", the first " << size << " bytes";
            }
        }
    }
}

// Rows of many bands, handed over by a few at a time.
TEST(PreprocessSink, AnyPictureInAnyPortionsIsTheSame) {
    Random random;
    KernelContext context(2);
    const PreprocessKernels kernels = *PreprocessKernels::find(**choose_backend(""));
    install_halide_handlers();
    PreprocessSink::Bands bands;
    const std::pair<int, int> sizes[] = {{1, 9}, {7, 40}, {8, 8}, {300, 500}, {2000, 301}, {30, 3000}};
    for (const auto &[width, height] : sizes) {
        for (int orientation = 1; orientation <= 8; orientation++) {
            for (int channels = 1; channels <= 4; channels++) {
                SCOPED_TRACE(std::to_string(width) + " x " + std::to_string(height) + " of " +
                             std::to_string(channels) + ", orientation " + std::to_string(orientation));
                std::vector<std::uint8_t> samples(std::size_t(width) * height * channels);
                for (std::uint8_t &sample : samples) sample = std::uint8_t(random.integer(0, 255));
                const Alpha alpha = random.integer(0, 1) ? Alpha::drop : Alpha::over_white;
                const Samples rgb =
                    to_rgb(*checked_view({samples.data(), width, height, channels}), orientation, alpha);
                const Preprocessing asked = BothWays::preprocessings()[random.integer(0, 3)];
                auto plan = plan_preprocess(asked, rgb.width, rgb.height);
                ASSERT_TRUE(plan);
                std::vector<float> expected(std::size_t{3} * plan->width * plan->height), found = expected;
                ASSERT_TRUE(run_preprocess(kernels, context, *plan,
                                           {rgb.data.get(), rgb.width, rgb.height, 3, 0}, expected.data()));

                const auto plan_for = [&](int w, int h) -> Result<PreprocessPlan *> {
                    EXPECT_TRUE(plan->fits(w, h));
                    std::fill(plan->between.begin(), plan->between.end(), 0x55);
                    return &*plan;
                };
                PreprocessSink sink(kernels, context, plan_for, bands);
                sink.orientation = orientation;
                sink.alpha = alpha;
                const int way = random.integer(0, 3);  // a picture, all rows at once, or a few
                if (way == 0) {
                    Samples all = allocate_samples(width, height, channels);
                    std::copy(samples.begin(), samples.end(), all.data.get());
                    ASSERT_TRUE(sink.take_all(std::move(all)));
                } else {
                    const auto bytes = sink.begin(width, height, channels, way == 1);
                    ASSERT_TRUE(bytes);
                    EXPECT_GT(*bytes, 0);
                    EXPECT_LE(*bytes, std::int64_t(width) * height * (channels + 3));
                    const std::size_t row = std::size_t(width) * channels;
                    for (int y = 0; y < height;) {
                        const RowSink::Room room = sink.room();
                        ASSERT_TRUE(room.data);
                        ASSERT_GE(room.count, way == 1 ? height : 1);
                        const int most = std::min(room.count, height - y);
                        const int count = way == 1 ? most : random.integer(1, most);
                        std::copy_n(samples.data() + row * y, row * count, room.data);
                        ASSERT_TRUE(sink.take(count));
                        y += count;
                    }
                }
                ASSERT_TRUE(sink.finish(found.data()));
                EXPECT_EQ(found, expected);
            }
        }
    }
}

TEST(PreprocessSink, JpegsOfManyBandsAreTheSame) {
    if (!can_write_jpeg) GTEST_SKIP() << "there is no libjpeg to write them";
    BothWays one_thread(1), two_threads(2);
    Random random;
    for (const int components : {1, 3, 4}) {
        for (const bool progressive : {false, true}) {
            const std::string jpeg = jpeg_of(1500, 700, components, progressive, random);
            for (const int draft : {0, 100, 300}) {
                for (const double share : {1.0, 0.97, 0.5, 0.1}) {
                    const std::string cut = jpeg.substr(0, static_cast<std::size_t>(
                                                               share * static_cast<double>(jpeg.size())));
                    ImageOptions options;
                    options.draft_width = options.draft_height = draft;
                    options.accept_truncated = random.integer(0, 1);
                    const Preprocessing asked = BothWays::preprocessings()[random.integer(0, 3)];
                    for (BothWays *both : {&one_thread, &two_threads}) {
                        EXPECT_EQ(both->difference(cut.data(), cut.size(), options, asked), "")
                            << components << " components, progressive " << progressive << ", draft "
                            << draft << ", the first " << cut.size() << " bytes";
                    }
                }
            }
        }
    }
}

TEST(PreprocessSink, PngsOfManyBandsAreTheSame) {
    BothWays one_thread(1), two_threads(2);
    Random random;
    for (int channels = 1; channels <= 4; channels++) {
        const std::string png = png_of(900, 1100, channels, random);
        for (const double share : {1.0, 0.99, 0.6, 0.1}) {
            const std::string cut = png.substr(0, static_cast<std::size_t>(
                                                      share * static_cast<double>(png.size())));
            for (const bool accepted : {false, true}) {
                ImageOptions options;
                options.accept_truncated = accepted;
                const Preprocessing asked = BothWays::preprocessings()[random.integer(0, 3)];
                for (BothWays *both : {&one_thread, &two_threads}) {
                    EXPECT_EQ(both->difference(cut.data(), cut.size(), options, asked), "")
                        << channels << " channels, the first " << cut.size() << " bytes";
                }
            }
        }
    }
}

// The public way, by a model: and its sentences name the file.
TEST(PreprocessSink, PreprocessorReadsAndDecodes) {
    Architecture a = *named_architecture("vit-ti16");
    a.depth = 1;
    const Model model = *Model::random(a);
    Preprocessor preprocessor = *Preprocessor::create(model);
    Session session = *Session::create(model, {.threads = 1});
    std::vector<float> expected(std::size_t{3} * a.image_height * a.image_width), found = expected;
    for (const char *name : {"rgb.png", "blocks.jpg", "rgba.tga", "grey.jpg", "blocks.jpg"}) {
        const std::string path = source_directory() + "/tests/data/images/" + name;
        const auto image = Image::read(path);
        ASSERT_TRUE(image);
        ASSERT_TRUE(preprocessor.run(image->view(), expected.data()));
        ASSERT_TRUE(preprocessor.read(path, {}, found.data()));
        EXPECT_EQ(found, expected) << name;
        std::fill(found.begin(), found.end(), 0.0f);
        const std::string bytes = read_file(path);
        ASSERT_TRUE(preprocessor.decode(bytes.data(), bytes.size(), name, {}, found.data()));
        EXPECT_EQ(found, expected) << name;
        const auto by_view = session.classify(image->view(), 3), by_file = session.classify_file(path, 3);
        ASSERT_TRUE(by_view && by_file);
        for (int i = 0; i < 3; i++) {
            EXPECT_EQ((*by_view)[i].index, (*by_file)[i].index);
            EXPECT_EQ((*by_view)[i].score, (*by_file)[i].score);
        }
    }
    const std::vector<float> before = found;
    const std::string blocks = source_directory() + "/tests/data/images/blocks.jpg";
    const std::string half = read_file(blocks).substr(0, fs::file_size(blocks) / 2);
    expect_error(preprocessor.decode(half.data(), half.size(), "half.jpg", {}, found.data()),
                 ErrorCode::format, {"half.jpg: ", "ends before its"});
    EXPECT_EQ(found, before);
    expect_error(preprocessor.read("/none.png", {}, found.data()), ErrorCode::io, {"/none.png: "});
    expect_error(preprocessor.read(blocks, {}, nullptr), ErrorCode::argument, {"blocks.jpg: ", "pixels"});
    expect_error(session.classify_file(blocks, 0), ErrorCode::argument, {"top_k is 0"});
    a.channels = 1;
    Preprocessor of_grey = *Preprocessor::create(*Model::random(a));
    expect_error(of_grey.read(blocks, {}, found.data()), ErrorCode::unsupported,
                 {"blocks.jpg: ", "3 channels", "takes 1"});
}

// A picture that is never whole takes a few bands; what is held whole counts as in Image::decode.
TEST(PreprocessSink, MemoryThatIsNeededCounts) {
    if (!can_write_jpeg) GTEST_SKIP() << "there is no libjpeg to write them";
    BothWays both;
    Random random;
    ImageOptions little;
    little.max_memory = 2'000'000;  // of 3,150,000 bytes of RGB
    const Preprocessing asked = BothWays::preprocessings()[0];
    const std::string baseline = jpeg_of(1500, 700, 3, false, random);
    const auto is_refused = [](const std::string &answer) { return answer.starts_with("name: "); };
    EXPECT_FALSE(is_refused(both.decoded_by_rows(baseline.data(), baseline.size(), little, asked)));
    EXPECT_TRUE(is_refused(both.decoded_whole(baseline.data(), baseline.size(), little, asked)));
    for (const std::string &refused :
         {jpeg_of(1500, 700, 3, true, random),      // whose coefficients are held
          jpeg_of(300, 3500, 3, false, random)}) {  // columns first
        const std::string answer = both.decoded_by_rows(refused.data(), refused.size(), little, asked);
        EXPECT_NE(answer.find("bytes of memory, more than 2000000"), std::string::npos)
            << answer.substr(0, 100);
    }
}

}  // namespace
}  // namespace vit::test
