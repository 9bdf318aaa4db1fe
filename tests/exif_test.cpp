// Orientations: as EXIF holds them, and what they make of a picture.
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/picture/exif.h"
#include "runtime/picture/image.h"
#include "runtime/picture/rgb.h"
#include "tests/support/random.h"

namespace vit::test {
namespace {

struct Entry {
    std::uint32_t tag, type, count, value;
};

constexpr std::uint32_t orientation = 0x112, byte = 1, shorts = 3, longs = 4;

// An EXIF block in either order of bytes; a value of shorts stands in the first two of its four bytes.
class Exif {
public:
    explicit Exif(bool big_endian) : big_endian_(big_endian) {}

    std::vector<std::uint8_t> block(const std::vector<Entry> &entries, std::uint32_t directory = 8) {
        bytes_.assign(2, big_endian_ ? 'M' : 'I');
        put(42, 2);
        put(directory, 4);
        bytes_.resize(std::max<std::size_t>(directory, 8));
        put(static_cast<std::uint32_t>(entries.size()), 2);
        for (const Entry &entry : entries) {
            put(entry.tag, 2);
            put(entry.type, 2);
            put(entry.count, 4);
            put(entry.value, entry.type == longs ? 4 : 2);
            put(0, entry.type == longs ? 0 : 2);
        }
        put(0, 4);  // no further directory
        return bytes_;
    }

private:
    void put(std::uint32_t value, int size) {
        for (int i = 0; i < size; i++) {
            bytes_.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian_ ? size - 1 - i : i)));
        }
    }

    bool big_endian_;
    std::vector<std::uint8_t> bytes_;
};

class Orders : public testing::TestWithParam<bool> {
protected:
    int read(const std::vector<Entry> &entries, std::uint32_t directory = 8) {
        return exif_orientation(Exif(GetParam()).block(entries, directory));
    }
};

TEST_P(Orders, OrientationIsRead) {
    for (std::uint32_t value = 1; value <= 8; value++) {
        EXPECT_EQ(read({{orientation, shorts, 1, value}}), static_cast<int>(value));
        EXPECT_EQ(read({{orientation, longs, 1, value}}), static_cast<int>(value));
        EXPECT_EQ(read({{0x10f, 2, 4, 9}, {orientation, shorts, 1, value}, {0x213, shorts, 1, 3}}),
                  static_cast<int>(value));
        const int later = read({{orientation, shorts, 1, value}}, 77);
        EXPECT_EQ(later, static_cast<int>(value)) << "a later directory";
        std::vector<std::uint8_t> named = Exif(GetParam()).block({{orientation, shorts, 1, value}});
        const std::string name("Exif\0\0", 6);
        named.insert(named.begin(), name.begin(), name.end());
        EXPECT_EQ(exif_orientation(named), static_cast<int>(value));
    }
}

TEST_P(Orders, WhatMeansNothingIsUpright) {
    for (const std::uint32_t value : {0u, 9u, 255u, 256u, 0x600u, 65535u}) {
        EXPECT_EQ(read({{orientation, shorts, 1, value}}), 1) << value;
    }
    EXPECT_EQ(read({{orientation, longs, 1, 0x10006}}), 1);
    EXPECT_EQ(read({{orientation, byte, 1, 6}}), 1);
    EXPECT_EQ(read({{orientation, shorts, 2, 6}}), 1);
    EXPECT_EQ(read({{orientation, shorts, 0, 6}}), 1);
    EXPECT_EQ(read({}), 1);
    EXPECT_EQ(read({{0x113, shorts, 1, 6}}), 1);
}

// Vectors of the exact size, so that sanitizers see a byte too far.
TEST_P(Orders, CutAnywhereIsUprightOrWhole) {
    const auto whole = Exif(GetParam()).block({{0x10f, 2, 4, 9}, {orientation, shorts, 1, 6}});
    const std::size_t known = 8 + 2 + 2 * 12;  // bytes up to the end of the entry
    for (std::size_t size = 0; size <= whole.size(); size++) {
        const std::vector<std::uint8_t> cut(whole.data(), whole.data() + size);
        EXPECT_EQ(exif_orientation(cut), size >= known ? 6 : 1) << size;
    }
}

TEST_P(Orders, DirectoriesOutsideAreUpright) {
    auto block = Exif(GetParam()).block({{orientation, shorts, 1, 6}});
    for (const std::uint32_t directory : {0u, 1u, 36u, 37u, 1000u, 0x7fffffffu, 0xfffffff0u, 0xffffffffu}) {
        for (int i = 0; i < 4; i++) {
            block[4 + i] = static_cast<std::uint8_t>(directory >> 8 * (GetParam() ? 3 - i : i));
        }
        EXPECT_EQ(exif_orientation(block), 1) << directory;
    }
}

TEST_P(Orders, OtherBytesGiveAnOrientation) {
    Random random;
    const auto whole = Exif(GetParam()).block({{0x10f, 2, 4, 9}, {orientation, shorts, 1, 6}});
    for (int i = 0; i < 20000; i++) {
        std::vector<std::uint8_t> changed = whole;
        for (int n = random.integer(1, 4); n > 0; n--) {
            changed[random.integer(0, static_cast<int>(changed.size()) - 1)] =
                static_cast<std::uint8_t>(random.integer(0, 255));
        }
        const int found = exif_orientation(changed);
        EXPECT_GE(found, 1);
        EXPECT_LE(found, 8);
    }
}

INSTANTIATE_TEST_SUITE_P(Exif, Orders, testing::Bool(),
                         [](const auto &tested) { return tested.param ? "BigEndian" : "LittleEndian"; });

TEST(Exif, OtherHeadersAreUpright) {
    const auto good = Exif(false).block({{orientation, shorts, 1, 6}});
    ASSERT_EQ(exif_orientation(good), 6);
    for (const std::size_t at : {0, 1, 2, 3}) {
        auto wrong = good;
        wrong[at] ^= 1;
        EXPECT_EQ(exif_orientation(wrong), 1) << at;
    }
    auto mixed = good;
    mixed[0] = mixed[1] = 'M';
    EXPECT_EQ(exif_orientation(mixed), 1);
}

// Where pixel (x, y) of the upright picture stands in a file of width x height (CIPA DC-008, 4.6.4: at which
// side of what is seen the first row and the first column are).
struct Place {
    int x, y;
};

Place place(int value, int x, int y, int width, int height) {
    switch (value) {
    case 2:  // top, right
        return {width - 1 - x, y};
    case 3:  // bottom, right
        return {width - 1 - x, height - 1 - y};
    case 4:  // bottom, left
        return {x, height - 1 - y};
    case 5:  // left, top
        return {y, x};
    case 6:  // right, top: the first row is seen at the right, from the top down
        return {y, height - 1 - x};
    case 7:  // right, bottom
        return {width - 1 - y, height - 1 - x};
    case 8:  // left, bottom
        return {width - 1 - y, x};
    default:
        return {x, y};
    }
}

TEST(Rgb, EveryOrientationIsAsItIsDefined) {
    Random random;
    const std::array<std::array<int, 2>, 6> sizes{{{1, 1}, {1, 5}, {5, 1}, {2, 3}, {7, 4}, {64, 33}}};
    for (const auto [width, height] : sizes) {
        for (int channels = 1; channels <= 4; channels++) {
            const int stride = width * channels + 5;
            std::vector<std::uint8_t> samples(static_cast<std::size_t>(stride) * height);
            for (std::uint8_t &sample : samples) sample = static_cast<std::uint8_t>(random.integer(0, 255));
            for (int value = 1; value <= 8; value++) {
                const ImageView held{samples.data(), width, height, channels, stride};
                const Samples rgb = to_rgb(*checked_view(held), value, Alpha::drop);
                ASSERT_EQ(rgb.width, value >= 5 ? height : width);
                ASSERT_EQ(rgb.height, value >= 5 ? width : height);
                for (int y = 0; y < rgb.height; y++) {
                    for (int x = 0; x < rgb.width; x++) {
                        const Place from = place(value, x, y, width, height);
                        const std::uint8_t *p = &samples[from.y * stride + from.x * channels];
                        for (int c = 0; c < 3; c++) {
                            ASSERT_EQ(rgb.data[3 * (y * rgb.width + x) + c], p[channels >= 3 ? c : 0])
                                << "orientation " << value << ", at " << x << ", " << y << ", " << c;
                        }
                    }
                }
            }
        }
    }
}

TEST(Rgb, RowsFromTheBottomAndAlphaAreTurnedToo) {
    const std::uint8_t samples[] = {10, 255, 20, 0, 30, 128, 40, 255};  // 2 x 2, grey and alpha
    const ImageView bottom_up = *checked_view({samples + 4, 2, 2, 2, -4});
    const Samples dropped = to_rgb(bottom_up, 6, Alpha::drop);
    const Samples white = to_rgb(bottom_up, 6, Alpha::over_white);
    const int held[] = {10, 30, 20, 40}, seen[] = {10, 142, 255, 40};
    for (int i = 0; i < 4; i++) {
        for (int c = 0; c < 3; c++) {
            EXPECT_EQ(dropped.data[3 * i + c], held[i]);
            EXPECT_EQ(white.data[3 * i + c], seen[i]);
        }
    }
}

}  // namespace
}  // namespace vit::test
