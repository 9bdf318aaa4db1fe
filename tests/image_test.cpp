// The pictures are written by tests/data/images/make_images.py.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/random.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

const std::string folder = source_directory() + "/tests/data/images/";

struct Rgb {
    int r, g, b;
    bool operator==(const Rgb &) const = default;
    friend void PrintTo(const Rgb &p, std::ostream *out) { *out << p.r << " " << p.g << " " << p.b; }
};

Rgb pixel(const Image &image, int x, int y) {
    const std::uint8_t *p = image.data() + 3 * (y * image.width() + x);
    return {p[0], p[1], p[2]};
}

std::string bytes_of(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Rgb pattern(int x, int y) {
    return {13 * x, 23 * y, 7 * x + 11 * y};
}

Rgb grey(int x, int) {
    return {13 * x, 13 * x, 13 * x};
}

Rgb over_white(Rgb p, int alpha) {
    const auto blend = [&](int s) {
        return static_cast<int>(std::lround((s * alpha + 255.0 * (255 - alpha)) / 255));
    };
    return {blend(p.r), blend(p.g), blend(p.b)};
}

int alpha(int x, int y) {
    return (29 * x + 3 * y) % 256;
}

const Rgb palette[] = {{250, 10, 20}, {30, 240, 50}, {60, 70, 230}, {0, 0, 0}};
const Rgb white{255, 255, 255};

Rgb indexed(int x, int y) {
    return palette[(x + y) % 4];
}

Rgb level(int x, int y) {
    const int value = static_cast<int>(std::nearbyint((x + y) % 15 / 14.0 * 255));
    return {value, value, value};
}

struct Sample {
    const char *file;
    int width, height;
    std::function<Rgb(int x, int y)> expected;

    friend void PrintTo(const Sample &sample, std::ostream *out) { *out << sample.file; }
};

// JPEG blocks of one colour have nothing to lose but the rounding of the colour (JFIF 1.02): red is Y 76, Cb
// 85, Cr 255, and that is (254.05, 0.07, -0.20).
const Rgb jpeg_blocks[] = {{0, 0, 0}, {255, 255, 255}, {128, 128, 128}, {254, 0, 0}};
const Rgb grey_blocks[] = {{0, 0, 0}, {255, 255, 255}, {128, 128, 128}, {76, 76, 76}};

const std::vector<Sample> samples = {
    {"rgb.png", 19, 11, pattern},
    {"rgb.bmp", 19, 11, pattern},
    {"rgb.tga", 19, 11, pattern},
    {"rgb.ppm", 19, 11, pattern},
    {"run_lengths.tga", 19, 11, pattern},
    {"rgb16.png", 19, 11, pattern},
    {"rgb16.ppm", 19, 11, pattern},
    {"grey.png", 19, 11, grey},
    {"grey.bmp", 19, 11, grey},
    {"grey.tga", 19, 11, grey},
    {"grey.pgm", 19, 11, grey},
    {"grey16.png", 19, 11, grey},
    {"levels.pgm", 19, 11, level},
    {"grey_alpha.png", 19, 11, [](int x, int y) { return over_white(grey(x, y), alpha(x, y)); }},
    {"rgba.png", 19, 11, [](int x, int y) { return over_white(pattern(x, y), alpha(x, y)); }},
    {"rgba.tga", 19, 11, [](int x, int y) { return over_white(pattern(x, y), alpha(x, y)); }},
    {"key.png", 19, 11, [](int x, int y) { return x == 1 && y == 1 ? white : pattern(x, y); }},
    {"palette.png", 19, 11, indexed},
    {"palette_alpha.png", 19, 11,
     [](int x, int y) {
         const int alphas[] = {255, 0, 128, 255};
         return over_white(indexed(x, y), alphas[(x + y) % 4]);
     }},
    {"palette.gif", 19, 11, indexed},
    {"interlaced.gif", 19, 11, indexed},
    {"transparent.gif", 19, 11, [](int x, int y) { return (x + y) % 4 == 1 ? white : indexed(x, y); }},
    {"corner.gif", 5, 4, [](int x, int y) { return palette[x >= 2 && y >= 2 ? 1 : 0]; }},
    {"blocks.jpg", 32, 8, [](int x, int) { return jpeg_blocks[x / 8]; }},
    {"progressive.jpg", 32, 8, [](int x, int) { return jpeg_blocks[x / 8]; }},
    {"restarts.jpg", 32, 8, [](int x, int) { return jpeg_blocks[x / 8]; }},
    {"grey.jpg", 32, 8, [](int x, int) { return grey_blocks[x / 8]; }},
};

class Picture : public testing::TestWithParam<Sample> {
protected:
    const std::string bytes_ = bytes_of(folder + GetParam().file);
};

TEST_P(Picture, IsReadExactly) {
    const Result<Image> image = Image::read(folder + GetParam().file);
    ASSERT_TRUE(image) << image.error().message;
    ASSERT_EQ(image->width(), GetParam().width);
    ASSERT_EQ(image->height(), GetParam().height);
    for (int y = 0; y < image->height(); y++) {
        for (int x = 0; x < image->width(); x++) {
            EXPECT_EQ(pixel(*image, x, y), GetParam().expected(x, y)) << "at " << x << ", " << y;
        }
    }
}

bool same_pixels(const Image &a, const Image &b) {
    return a.width() == b.width() && a.height() == b.height() &&
           std::equal(a.data(), a.data() + 3 * a.width() * a.height(), b.data());
}

// A file that was cut is either refused or, where only a trailer is missing, the same picture.
TEST_P(Picture, CutAnywhereIsRefusedOrWhole) {
    const Result<Image> whole = Image::decode(bytes_.data(), bytes_.size());
    ASSERT_TRUE(whole);
    int refused = 0;
    for (std::size_t size = 0; size < bytes_.size(); size++) {
        const std::string cut = bytes_.substr(0, size);  // of its own, so that sanitizers see its end
        const Result<Image> image = Image::decode(cut.data(), cut.size(), "cut.picture");
        if (image) {
            EXPECT_TRUE(same_pixels(*image, *whole))
                << "the first " << size << " of " << bytes_.size() << " bytes";
        } else {
            refused++;
            expect_error(image, ErrorCode::format, {"cut.picture"});
        }
    }
    EXPECT_GT(refused, static_cast<int>(bytes_.size()) / 2);
}

TEST_P(Picture, WithOtherBytesIsAnErrorOrAPicture) {
    Random random;
    const bool checked = bytes_.starts_with("\x89PNG");  // has checksums
    const Result<Image> whole = Image::decode(bytes_.data(), bytes_.size());
    for (int i = 0; i < 300; i++) {
        std::string changed = bytes_;
        for (int n = random.integer(1, checked ? 1 : 4); n > 0; n--) {
            const int at = random.integer(0, static_cast<int>(bytes_.size()) - 1);
            changed[at] = static_cast<char>(changed[at] ^ random.integer(1, 255));
        }
        const Result<Image> image = Image::decode(changed.data(), changed.size(), "changed.picture");
        if (!image) {
            EXPECT_NE(image.error().message.find("changed.picture"), std::string::npos)
                << image.error().message;
        } else if (checked) {
            EXPECT_TRUE(same_pixels(*image, *whole));
        } else {
            EXPECT_LE(std::int64_t{image->width()} * image->height(), Image::max_pixels);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Files, Picture, testing::ValuesIn(samples), [](const auto &tested) {
    std::string name = tested.param.file;
    for (char &c : name)
        c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return name;
});

TEST(Image, WhatIsNoPictureIsRefused) {
    const TemporaryDirectory directory;
    directory.write("empty.png", "");
    directory.write("text.jpg", "These are words, and no picture at all.\n");
    directory.write("ascii.ppm", "P3 1 1 255\n1 2 256\n");
    directory.write("maximum.pgm", "P5 1 1 70000\nxx");
    expect_error(Image::read(directory.file("empty.png")), ErrorCode::format, {"empty.png", "is empty"});
    expect_error(Image::read(directory.file("text.jpg")), ErrorCode::format, {"text.jpg", "JPEG, PNG"});
    expect_error(Image::read(directory.file("ascii.ppm")), ErrorCode::format, {"ascii.ppm", "0 to 255"});
    expect_error(Image::read(directory.file("maximum.pgm")), ErrorCode::format, {"maximum.pgm", "65535"});
    expect_error(Image::read(directory.file("none.png")), ErrorCode::io, {"none.png"});
    expect_error(Image::read(directory.path()), ErrorCode::io, {directory.path()});
    expect_error(Image::decode(nullptr, 5, "null"), ErrorCode::format, {"null"});
}

std::string big_endian(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
            static_cast<char>(value)};
}

TEST(Image, ClaimedSizesAreCheckedBeforeAnythingIsAllocated) {
    const auto png = [](std::uint32_t width, std::uint32_t height) {
        return std::string("\x89PNG\r\n\x1a\n", 8) + big_endian(13) + "IHDR" + big_endian(width) +
               big_endian(height) + std::string("\x08\x02\0\0\0", 5) + big_endian(0);
    };
    const auto decoded = [](const std::string &bytes) {
        return Image::decode(bytes.data(), bytes.size(), "claim");
    };
    expect_error(decoded(png(60000, 60000)), ErrorCode::unsupported, {"claim", "60000 x 60000"});
    expect_error(decoded(png(1 << 14, (1 << 14) + 1)), ErrorCode::unsupported,
                 {"16384 x 16385", "268435456"});
    expect_error(decoded(png(0, 5)), ErrorCode::format, {"claim"});
    expect_error(decoded("P6 60000 60000 255\n"), ErrorCode::unsupported, {"60000 x 60000"});
    expect_error(decoded("P6 99999999999 1 255\n"), ErrorCode::format, {"claim"});
    const std::string tga("\0\0\2\0\0\0\0\0\0\0\0\0\x60\xea\x60\xea\x18\0", 18);
    expect_error(decoded(tga), ErrorCode::unsupported, {"60000 x 60000"});
}

TEST(Image, FromPixelsOfAnyChannels) {
    const std::uint8_t bytes[2][8] = {{10, 128, 30, 255, 99, 99, 99, 99}, {50, 0, 70, 1, 99, 99, 99, 99}};
    const auto grey_alpha = Image::from_pixels({bytes[0], 2, 2, 2, 8});
    ASSERT_TRUE(grey_alpha);
    EXPECT_EQ(pixel(*grey_alpha, 0, 0), over_white({10, 10, 10}, 128));
    EXPECT_EQ(pixel(*grey_alpha, 1, 0), (Rgb{30, 30, 30}));
    EXPECT_EQ(pixel(*grey_alpha, 0, 1), white);
    EXPECT_EQ(pixel(*grey_alpha, 1, 1), over_white({70, 70, 70}, 1));
    const auto rgba = Image::from_pixels({bytes[0], 1, 2, 4, 8});
    ASSERT_TRUE(rgba);
    EXPECT_EQ(pixel(*rgba, 0, 0), (Rgb{10, 128, 30}));
    EXPECT_EQ(pixel(*rgba, 0, 1), over_white({50, 0, 70}, 1));
    const auto bottom_up = Image::from_pixels({bytes[1], 1, 2, 3, -8});
    ASSERT_TRUE(bottom_up);
    EXPECT_EQ(pixel(*bottom_up, 0, 0), (Rgb{50, 0, 70}));
    EXPECT_EQ(pixel(*bottom_up, 0, 1), (Rgb{10, 128, 30}));

    expect_error(Image::from_pixels({nullptr, 1, 1}), ErrorCode::argument, {"data"});
    expect_error(Image::from_pixels({bytes[0], 0, 1}), ErrorCode::argument, {"0 x 1"});
    expect_error(Image::from_pixels({bytes[0], 1, 1, 5}), ErrorCode::argument, {"5 channels"});
    expect_error(Image::from_pixels({bytes[0], 2, 2, 3, 5}), ErrorCode::argument, {"row_stride"});
    expect_error(Image::from_pixels({bytes[0], 1 << 20, 1 << 20}), ErrorCode::unsupported,
                 {"1048576 x 1048576"});
}

// Alpha over white for all 65536 pairs, against rounding in double.
TEST(Image, AlphaIsRounded) {
    std::vector<std::uint8_t> pairs;
    for (int a = 0; a < 256; a++) {
        for (int s = 0; s < 256; s++)
            pairs.insert(pairs.end(), {static_cast<std::uint8_t>(s), static_cast<std::uint8_t>(a)});
    }
    const auto image = Image::from_pixels({pairs.data(), 256, 256, 2});
    ASSERT_TRUE(image);
    for (int a = 0; a < 256; a++) {
        for (int s = 0; s < 256; s++)
            EXPECT_EQ(pixel(*image, s, a), over_white({s, s, s}, a));
    }
}

// JPEG by libjpeg may be decoded smaller, and says beforehand what it would take.
TEST(Image, JpegIsDraftedAndKeepsToMemory) {
    const auto formats = image_formats();
    if (formats[0].name != "JPEG" || formats[0].decoder.find("libjpeg") == std::string::npos) {
        GTEST_SKIP() << "JPEG is decoded by " << formats[0].decoder;
    }
    const auto width_for = [](int width, int height) {
        ImageOptions options;
        options.draft_width = width;
        options.draft_height = height;
        const auto image = Image::read(folder + "blocks.jpg", options);  // 32 x 8
        return image && image->width() == 4 * image->height() ? image->width() : -1;
    };
    EXPECT_EQ(width_for(4, 1), 4);
    EXPECT_EQ(width_for(5, 1), 8);
    EXPECT_EQ(width_for(8, 2), 8);
    EXPECT_EQ(width_for(8, 3), 16);
    EXPECT_EQ(width_for(17, 4), 32);
    EXPECT_EQ(width_for(100, 100), 32);
    EXPECT_EQ(width_for(4, 0), 32);
    ImageOptions little;
    little.max_memory = 32 * 8 * 3;
    expect_error(Image::read(folder + "blocks.jpg", little), ErrorCode::unsupported,
                 {"blocks.jpg", "bytes of memory, more than 768"});
}

// Nothing is shared between threads that decode, reasons of failures included.
TEST(Image, ThreadsDecodeSideBySide) {
    const std::string good = bytes_of(folder + "blocks.jpg");
    const std::string bad = good.substr(0, good.size() / 2), png = bytes_of(folder + "rgba.png");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; i++) {
                EXPECT_TRUE(Image::decode(good.data(), good.size()));
                EXPECT_TRUE(Image::decode(png.data(), png.size()));
                expect_error(Image::decode(bad.data(), bad.size(), "half"), ErrorCode::format,
                             {"half", "JPEG"});
            }
        });
    }
    for (std::thread &thread : threads)
        thread.join();
}

}  // namespace
}  // namespace vit::test
