// An app's pixels, however they lie in memory: the same picture gives the same bits.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/random.h"

namespace vit::test {
namespace {

struct Samples {
    int width, height, channels;
    std::vector<std::uint8_t> values;  // [y, x, channel], colours as RGB

    Samples(int its_width, int its_height, int its_channels, Random &random)
        : width(its_width), height(its_height), channels(its_channels),
          values(static_cast<std::size_t>(width) * height * channels) {
        for (std::uint8_t &value : values) value = static_cast<std::uint8_t>(random.integer(0, 255));
    }
    ImageView view() const { return {values.data(), width, height, channels}; }
};

// How a picture may lie: which of its dimensions is innermost, which next, gaps behind each, and which run
// backwards.
struct Layout {
    std::array<int, 3> innermost_first;  // of 0 channel, 1 pixel, 2 row
    int gap;
    unsigned backwards;  // a bit for each dimension
    ChannelOrder order;
};

std::vector<Layout> layouts() {
    std::vector<Layout> all;
    std::array<int, 3> dimensions{0, 1, 2};
    do {
        for (const int gap : {0, 3}) {
            for (unsigned backwards = 0; backwards < 8; backwards++) {
                for (const ChannelOrder order : {ChannelOrder::rgb, ChannelOrder::bgr}) {
                    all.push_back({dimensions, gap, backwards, order});
                }
            }
        }
    } while (std::next_permutation(dimensions.begin(), dimensions.end()));
    return all;
}

std::string text_of(const Samples &samples, const Layout &layout) {
    return std::to_string(samples.width) + " x " + std::to_string(samples.height) + ", " +
           std::to_string(samples.channels) + " channels, innermost " +
           testing::PrintToString(layout.innermost_first) + ", gap " + std::to_string(layout.gap) +
           ", backwards " + std::to_string(layout.backwards) +
           (layout.order == ChannelOrder::bgr ? ", BGR" : ", RGB");
}

// The samples in that layout, and the view of them.
struct Laid {
    std::vector<std::uint8_t> memory;
    ImageView view;

    Laid(const Samples &samples, const Layout &layout) {
        const int counts[] = {samples.channels, samples.width, samples.height};
        std::ptrdiff_t strides[3], reach = 1, first = 0;
        for (const int d : layout.innermost_first) {
            strides[d] = reach + layout.gap;
            if (d == layout.innermost_first[0]) strides[d] = 1 + layout.gap;
            reach = strides[d] * counts[d];
        }
        memory.assign(static_cast<std::size_t>(reach), 0xAB);
        for (int d = 0; d < 3; d++) {
            if (layout.backwards >> d & 1) {
                first += strides[d] * (counts[d] - 1);
                strides[d] = -strides[d];
            }
        }
        for (int y = 0; y < samples.height; y++) {
            for (int x = 0; x < samples.width; x++) {
                for (int c = 0; c < samples.channels; c++) {
                    const bool swapped = layout.order == ChannelOrder::bgr && samples.channels >= 3 && c < 3;
                    const std::ptrdiff_t at =
                        first + y * strides[2] + x * strides[1] + (swapped ? 2 - c : c) * strides[0];
                    memory[static_cast<std::size_t>(at)] =
                        samples.values[(static_cast<std::size_t>(y) * samples.width + x) *
                                           samples.channels + c];
                }
            }
        }
        view = {memory.data() + first, samples.width, samples.height, samples.channels,
                strides[2],            layout.order,  strides[1],     strides[0]};
    }
};

TEST(ImageView, EveryLayoutIsTheSamePicture) {
    Random random;
    for (const auto &[width, height] : {std::pair{1, 1}, {1, 4}, {5, 1}, {3, 4}, {19, 11}}) {
        for (int channels = 1; channels <= 4; channels++) {
            const Samples samples(width, height, channels, random);
            const auto expected = Image::from_pixels(samples.view());
            ASSERT_TRUE(expected);
            for (const Layout &layout : layouts()) {
                SCOPED_TRACE(text_of(samples, layout));
                const Laid laid(samples, layout);
                const auto image = Image::from_pixels(laid.view);
                ASSERT_TRUE(image) << image.error().message;
                const std::size_t bytes = std::size_t{3} * width * height;
                ASSERT_TRUE(std::equal(image->data(), image->data() + bytes, expected->data()));
            }
        }
    }
}

Result<Model> small_model() {
    Architecture a;
    a.name = "small";
    a.image_height = a.image_width = 8;
    a.patch_height = a.patch_width = 4;
    a.width = 8, a.depth = 1, a.heads = 1, a.mlp_width = 8, a.labels = 2;
    return Model::random(a);
}

// Pictures of which rows come first and columns, narrow ones, and one of several bands.
TEST(ImageView, EveryLayoutIsPreprocessedAlike) {
    Random random;
    const auto model = small_model();
    ASSERT_TRUE(model) << model.error().message;
    auto preprocessor = Preprocessor::create(*model, 2);
    ASSERT_TRUE(preprocessor) << preprocessor.error().message;
    constexpr int values = 3 * 8 * 8;
    for (const auto &[width, height] : {std::pair{40, 20}, {9, 200}, {5, 9}, {700, 701}}) {
        for (int channels = 1; channels <= 4; channels++) {
            const Samples samples(width, height, channels, random);
            std::vector<float> expected(values);
            ASSERT_TRUE(preprocessor->run(samples.view(), expected.data()));
            for (const Layout &layout : layouts()) {
                if (width == 700 && (layout.gap != 0 || layout.backwards % 5 != 0 || channels % 2 == 0)) {
                    continue;  // for time
                }
                SCOPED_TRACE(text_of(samples, layout));
                const Laid laid(samples, layout);
                std::vector<float> pixels(values);
                const auto done = preprocessor->run(laid.view, pixels.data());
                ASSERT_TRUE(done) << done.error().message;
                ASSERT_EQ(pixels, expected);
            }
        }
    }
}

TEST(ImageView, StridesThatAreLeftOutFollowFromTheOthers) {
    const std::uint8_t bytes[] = {1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 10, 11, 12, 0};
    ImageView four{bytes, 2, 2};
    four.pixel_stride = 4;  // of which the last means nothing
    const auto of_four = Image::from_pixels(four);
    ASSERT_TRUE(of_four);
    for (int i = 0; i < 12; i++) EXPECT_EQ(of_four->data()[i], i + 1);

    const std::uint8_t planes[] = {1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12};
    ImageView planar{planes, 2, 2};
    planar.pixel_stride = 1;
    planar.channel_stride = 4;
    const auto of_planes = Image::from_pixels(planar);
    ASSERT_TRUE(of_planes);
    for (int i = 0; i < 12; i++) EXPECT_EQ(of_planes->data()[i], i + 1);

    ImageView column{planes, 1, 4};
    column.pixel_stride = 1;
    column.channel_stride = 4;
    const auto of_column = Image::from_pixels(column);
    ASSERT_TRUE(of_column);
    for (int i = 0; i < 12; i++) EXPECT_EQ(of_column->data()[i], i + 1);
}

TEST(ImageView, SamplesThatLieOnEachOtherAreRefused) {
    const std::uint8_t bytes[64] = {};
    ImageView view{bytes, 3, 2};
    view.row_stride = 8;
    expect_error(Image::from_pixels(view), ErrorCode::argument, {"row_stride is 8", "9 bytes"});
    view = {bytes, 3, 2};
    view.pixel_stride = 2;
    expect_error(Image::from_pixels(view), ErrorCode::argument, {"pixel_stride is 2", "3 bytes"});
    view = {bytes, 3, 2};
    view.pixel_stride = 1;
    view.channel_stride = -5;
    expect_error(Image::from_pixels(view), ErrorCode::argument, {"channel_stride is -5", "6 bytes"});
}

TEST(ImageView, StridesThatPassAllAddressesAreRefused) {
    constexpr std::ptrdiff_t least = std::numeric_limits<std::ptrdiff_t>::min(),
                             most = std::numeric_limits<std::ptrdiff_t>::max();
    const std::uint8_t bytes[64] = {};
    const auto model = small_model();
    ASSERT_TRUE(model);
    auto preprocessor = Preprocessor::create(*model);
    ASSERT_TRUE(preprocessor);
    std::vector<float> pixels(3 * 8 * 8);
    for (const std::ptrdiff_t stride : {least, least + 1, least / 2, most / 2, most - 1, most}) {
        const std::pair<std::ptrdiff_t ImageView::*, const char *> strides[] = {
            {&ImageView::row_stride, "row_stride"},
            {&ImageView::pixel_stride, "pixel_stride"},
            {&ImageView::channel_stride, "channel_stride"}};
        for (const auto &[member, name] : strides) {
            ImageView view{bytes, 2, 2};
            view.*member = stride;
            expect_error(Image::from_pixels(view), ErrorCode::argument, {name, std::to_string(stride)});
            expect_error(preprocessor->run(view, pixels.data()), ErrorCode::argument, {name});
            // Of one, no step is taken.
            view = {bytes, 1, 1, 1};
            view.*member = stride;
            EXPECT_TRUE(Image::from_pixels(view)) << name << " " << stride;
            EXPECT_TRUE(preprocessor->run(view, pixels.data())) << name << " " << stride;
        }
    }
}

}  // namespace
}  // namespace vit::test
