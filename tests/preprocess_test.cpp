#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/backend/backend.h"
#include "runtime/backend/buffer.h"
#include "runtime/backend/kernel_context.h"
#include "runtime/preprocess/preprocess_plan.h"
#include "runtime/preprocess/resample.h"
#include "tests/cases/preprocess.h"
#include "tests/support/expect_error.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

using reference::Picture;

constexpr int filters = 6;

struct Shape {
    int width, height;  // of the picture
    int to_width, to_height;
    int crop_width, crop_height;  // 0: no crop

    friend void PrintTo(const Shape &s, std::ostream *out) {
        *out << s.width << "x" << s.height << "_to_" << s.to_width << "x" << s.to_height << "_crop_"
             << s.crop_width << "x" << s.crop_height;
    }
};

Preprocessing asked(const Shape &shape, int filter) {
    Preprocessing p;
    p.width = shape.to_width;
    p.height = shape.to_height;
    p.filter = static_cast<Filter>(filter);
    p.do_center_crop = shape.crop_width > 0;
    p.crop_width = shape.crop_width;
    p.crop_height = shape.crop_height;
    p.mean = {0.485, 0.456, 0.406};
    p.std = {0.229, 0.224, 0.225};
    return p;
}

// Down, up, both, neither; crops inside, outside and both; rows and columns first; widths around a group and
// a vector.
const Shape stage_shapes[] = {
    {8, 5, 1, 1, 0, 0},       {9, 7, 33, 3, 0, 0},       {37, 100, 28, 28, 0, 0}, {31, 400, 17, 19, 0, 0},
    {8, 300, 70, 6, 65, 9},   {100, 9, 65, 9, 0, 0},     {64, 64, 64, 64, 0, 0},  {129, 50, 41, 53, 28, 60},
    {20, 90, 24, 40, 32, 33}, {300, 11, 7, 224, 3, 301},  {300, 40, 231, 17, 0, 0},
};

class PreprocessStage : public testing::TestWithParam<Variant> {};

TEST_P(PreprocessStage, EqualsReferenceToTheBit) {
    using cases::Passes;
    Random random;
    int seen[2] = {};
    for (const Shape &shape : stage_shapes) {
        for (int filter = 0; filter < filters; filter++) {
            SCOPED_TRACE(testing::PrintToString(shape) + " filter " + std::to_string(filter));
            const Preprocessing p = asked(shape, filter);
            const auto plan = plan_preprocess(p, shape.width, shape.height);
            ASSERT_TRUE(plan);
            const std::vector<Passes> first{Passes::columns_first};
            for (const Passes passes :
                 plan->columns_first ? first : std::vector{Passes::along_rows, Passes::along_columns}) {
                cases::PreprocessCase preprocess(
                    passes, cases::random_picture(shape.width, shape.height, random), p,
                    random.integer(0, 9));
                expect_right(GetParam(), preprocess);
            }
            seen[plan->columns_first]++;
        }
    }
    EXPECT_GE(seen[0], filters);
    EXPECT_GE(seen[1], filters);
}

std::vector<Variant> variants() {
    std::vector<Variant> all = default_variants();
    const std::vector<Variant> corners = tuning_corners("preprocess");
    all.insert(all.end(), corners.begin(), corners.end());
    return all;
}

INSTANTIATE_TEST_SUITE_P(Variants, PreprocessStage, testing::ValuesIn(variants()),
                         [](const auto &tested) { return tested.param.name; });

// The library's own kernels, through run_preprocess.
class Runner {
public:
    Runner() : context_(2), kernels_(*PreprocessKernels::find(**choose_backend(""))) {
        install_halide_handlers();
    }

    std::vector<float> operator()(PreprocessPlan &plan, const ImageView &view) {
        std::vector<float> pixels(std::size_t{3} * plan.width * plan.height, NAN);
        const Result<void> done = run_preprocess(kernels_, context_, plan, view, pixels.data());
        EXPECT_TRUE(done) << done.error().message;
        return pixels;
    }

    Result<void> try_to(PreprocessPlan &plan, const ImageView &view, float *pixels) {
        return run_preprocess(kernels_, context_, plan, view, pixels);
    }

private:
    KernelContext context_;
    PreprocessKernels kernels_;
};

TEST(Preprocess, NarrowPicturesAreReadFromACopy) {
    Random random;
    Runner run;
    for (const Shape &shape : {Shape{1, 1, 5, 3, 0, 0},
                               {1, 500, 28, 28, 0, 0},
                               {7, 2, 3, 40, 0, 0},
                               {2, 3, 3, 2, 0, 0},
                               {7, 300, 9, 9, 11, 4},
                               {3, 3, 3, 3, 0, 0}}) {
        for (int filter = 0; filter < filters; filter++) {
            SCOPED_TRACE(testing::PrintToString(shape) + " filter " + std::to_string(filter));
            const Preprocessing p = asked(shape, filter);
            auto plan = plan_preprocess(p, shape.width, shape.height);
            ASSERT_TRUE(plan);
            for (int repeat = 0; repeat < 2; repeat++) {  // the second time in memory that has been used
                const Picture picture = cases::random_picture(shape.width, shape.height, random);
                EXPECT_EQ(cases::preprocessed(picture, p),
                          run(*plan, {picture.rgb.data(), shape.width, shape.height}));
            }
        }
    }
}

TEST(Preprocess, ChannelsAndStridesOfViews) {
    Random random;
    Runner run;
    const Shape shape{23, 70, 12, 14, 0, 0};
    const Preprocessing p = asked(shape, 3);
    auto plan = plan_preprocess(p, shape.width, shape.height);
    ASSERT_TRUE(plan);
    for (int channels = 1; channels <= 4; channels++) {
        for (const int padding : {0, 5}) {
            for (const bool bottom_up : {false, true}) {
                const int stride = shape.width * channels + padding;
                std::vector<std::uint8_t> samples(static_cast<std::size_t>(stride) * shape.height);
                for (std::uint8_t &sample : samples)
                    sample = static_cast<std::uint8_t>(random.integer(0, 255));
                Picture picture(shape.width, shape.height);
                for (int y = 0; y < shape.height; y++) {
                    const std::uint8_t *row =
                        samples.data() + stride * (bottom_up ? shape.height - 1 - y : y);
                    for (int x = 0; x < shape.width; x++) {
                        for (int c = 0; c < 3; c++) {
                            const double sample = row[x * channels + (channels >= 3 ? c : 0)];
                            const double alpha =
                                channels % 2 == 0 ? row[x * channels + channels - 1] / 255.0 : 1;
                            const double over_white = alpha * sample + (1 - alpha) * 255;
                            picture.at(x, y, c) = static_cast<std::uint8_t>(std::lround(over_white));
                        }
                    }
                }
                const std::uint8_t *first = samples.data() + (bottom_up ? stride * (shape.height - 1) : 0);
                const ImageView view{first, shape.width, shape.height, channels,
                                     bottom_up ? -stride
                                     : padding ? stride
                                               : 0};
                EXPECT_EQ(cases::preprocessed(picture, p), run(*plan, view))
                    << channels << " " << padding;
            }
        }
    }
}

TEST(Preprocess, ARepeatedSizeKeepsItsMemory) {
    Runner run;
    auto plan = plan_preprocess(Preprocessing{}, 20, 30);
    ASSERT_TRUE(plan);
    const std::vector<std::uint8_t> grey(20 * 30, 100);
    run(*plan, {grey.data(), 20, 30, 1});
    const void *copy = plan->copy.data(), *between = plan->between.data();
    run(*plan, {grey.data(), 20, 30, 1});
    EXPECT_EQ(plan->copy.data(), copy);
    EXPECT_EQ(plan->between.data(), between);
}

TEST(Preprocess, WithoutRescalingAndNormalizingSamplesComeOut) {
    Runner run;
    Preprocessing p;
    p.resize = Resize::none;
    p.do_rescale = p.do_normalize = false;
    auto plan = plan_preprocess(p, 16, 16);
    ASSERT_TRUE(plan);
    Picture picture(16, 16);
    for (int i = 0; i < 768; i++)
        picture.rgb[i] = static_cast<std::uint8_t>(i * 7);
    const std::vector<float> pixels = run(*plan, {picture.rgb.data(), 16, 16});
    for (int i = 0; i < 768; i++)
        EXPECT_EQ(pixels[i], picture.at(i % 16, i / 16 % 16, i / 256));
}

// transformers 5.24: image_transforms.get_resize_output_image_size and get_size_with_aspect_ratio, worked by
// hand.
TEST(Preprocess, SizesByTheShortestEdge) {
    const auto size = [](int shortest, int longest, int width, int height) {
        Preprocessing p;
        p.resize = Resize::shortest_edge;
        p.shortest_edge = shortest;
        p.longest_edge = longest;
        const auto plan = plan_preprocess(p, width, height);
        return plan ? std::to_string(plan->width) + "x" + std::to_string(plan->height)
                    : plan.error().message;
    };
    EXPECT_EQ(size(256, 0, 640, 480), "341x256");  // 341.33
    EXPECT_EQ(size(256, 0, 480, 640), "256x341");
    EXPECT_EQ(size(224, 0, 599, 400), "335x224");  // 335.44
    EXPECT_EQ(size(224, 0, 333, 333), "224x224");
    EXPECT_EQ(size(800, 1333, 640, 480), "1066x800");   // 1066.67
    EXPECT_EQ(size(800, 1333, 1000, 250), "1333x333");  // 1333 x 250 / 1000 = 333.25
    EXPECT_EQ(size(100, 120, 90, 400), "27x120");
    EXPECT_EQ(size(5, 5, 10, 4), "5x2");       // 5 x 4 / 10 = 2.0
    EXPECT_EQ(size(5, 5, 10, 3), "5x2");       // 1.5 is rounded to the even 2, and 1.5 x 10 / 3 = 5
    EXPECT_EQ(size(5, 5, 20, 10), "5x2");      // 2.5 is rounded to the even 2
    EXPECT_EQ(size(10, 99, 31, 10), "31x10");  // as it is
}

TEST(Preprocess, CropReadsOnlyWhatSurvives) {
    Preprocessing p;
    p.resize = Resize::none;
    p.do_center_crop = true;
    p.crop_width = p.crop_height = 10;
    const auto plan = plan_preprocess(p, 400, 300);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->first_row, 145);
    EXPECT_EQ(plan->rows_read, 10);
    EXPECT_EQ(plan->columns[0], 195);
    EXPECT_EQ(plan->columns.size(), 10u);
}

// generators/preprocess.h claims that 32 bits hold every sum.
TEST(Preprocess, SumsFit32Bits) {
    Random random;
    for (int filter = 0; filter < filters; filter++) {
        for (int i = 0; i < 300; i++) {
            const int input = random.integer(1, 2000), output = random.integer(1, 300);
            const ResampleTable table =
                *resample_table(static_cast<Filter>(filter), input, output, 0, output);
            for (int x = 0; x < output; x++) {
                std::int64_t sum = 0, magnitude = 0;
                for (int k = 0; k < table.taps; k++) {
                    sum += table.weight(x, k);
                    magnitude += std::abs(table.weight(x, k));
                }
                EXPECT_LE(std::abs(sum - (1 << 22)), table.taps)
                    << input << " to " << output;  // each is rounded
                EXPECT_LE(255 * magnitude + (1 << 21), INT32_MAX) << input << " to " << output;
            }
        }
    }
}

TEST(Preprocess, RefusesWhatItCannotDo) {
    const Preprocessing defaults;
    expect_error(plan_preprocess(defaults, 0, 5), ErrorCode::argument, {"0 x 5"});
    expect_error(plan_preprocess(defaults, 5, -1), ErrorCode::argument, {"5 x -1"});
    expect_error(plan_preprocess(defaults, 1 << 30, 1 << 30), ErrorCode::unsupported, {"1048576"});
    expect_error(plan_preprocess(defaults, 1 << 20, 1 << 20), ErrorCode::unsupported, {"268435456"});

    Preprocessing edge;
    edge.resize = Resize::shortest_edge;
    edge.shortest_edge = 256;
    expect_error(plan_preprocess(edge, 1, 65535), ErrorCode::unsupported, {"1 x 65535", "256 x 16776960"});
    edge.shortest_edge = 2'000'000'000;
    expect_error(plan_preprocess(edge, 1, 1 << 20), ErrorCode::unsupported, {"1 x 1048576"});
    edge.shortest_edge = 16;
    edge.longest_edge = 20;
    expect_error(plan_preprocess(edge, 1, 1000), ErrorCode::unsupported, {"1 x 1000", "0 x 20"});

    Preprocessing crop;
    crop.do_center_crop = true;
    crop.crop_width = 0;
    expect_error(plan_preprocess(crop, 5, 5), ErrorCode::config, {"crop_size", "0 x 224"});
    crop.crop_width = crop.crop_height = 1 << 20;
    expect_error(plan_preprocess(crop, 5, 5), ErrorCode::unsupported, {"crop_size"});
    // A weight for each row of the picture in each of the crop's, of which all but one see nothing.
    Preprocessing dot = defaults;
    dot.width = dot.height = 1;
    dot.do_center_crop = true;
    dot.crop_width = 1;
    dot.crop_height = 1 << 14;
    expect_error(plan_preprocess(dot, 1, 1 << 17), ErrorCode::unsupported, {"131072", "16384"});
    EXPECT_TRUE(plan_preprocess(dot, 1, 500));

    Preprocessing filled;
    filled.fill[2] = 256;
    expect_error(plan_preprocess(filled, 5, 5), ErrorCode::config, {"fill", "256"});

    Preprocessing flat;
    flat.std[1] = 0;
    expect_error(plan_preprocess(flat, 5, 5), ErrorCode::config, {"channel 1", "not finite"});
    Preprocessing huge;
    huge.rescale_factor = 1e300;
    expect_error(plan_preprocess(huge, 5, 5), ErrorCode::config, {"rescale_factor"});

    Runner run;
    auto plan = plan_preprocess(defaults, 8, 8);
    ASSERT_TRUE(plan);
    float pixel = 0;
    const std::vector<std::uint8_t> samples(8 * 9 * 3);
    expect_error(run.try_to(*plan, {samples.data(), 8, 9}, &pixel), ErrorCode::argument, {"8 x 9", "8 x 8"});
    expect_error(run.try_to(*plan, {nullptr, 8, 8}, &pixel), ErrorCode::argument, {"data"});
    expect_error(run.try_to(*plan, {samples.data(), 8, 8, 5}, &pixel), ErrorCode::argument, {"5 channels"});
    expect_error(run.try_to(*plan, {samples.data(), 8, 8, 3, 23}, &pixel), ErrorCode::argument,
                 {"row_stride"});
}

TEST(Preprocess, ExtremePicturesTakeLittle) {
    Random random;
    Runner run;
    for (const auto &[width, height] : {std::pair{65535, 1}, {1, 65535}, {1 << 20, 1}, {1, 1 << 20}}) {
        const Picture picture = cases::random_picture(width, height, random);
        auto plan = plan_preprocess(Preprocessing{}, width, height);
        ASSERT_TRUE(plan);
        EXPECT_LE(plan->between.size(), 3u * 224 * (1 << 20));
        EXPECT_LE(plan->column_weights.size(), 3u * ((2 << 20) + 16 * 224));
        const std::vector<float> pixels = run(*plan, {picture.rgb.data(), width, height});
        for (const float pixel : pixels)
            ASSERT_TRUE(pixel >= -1 && pixel <= 1);
    }
}

}  // namespace
}  // namespace vit::test
