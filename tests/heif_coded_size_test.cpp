// How large pictures are as their streams of HEVC and AV1 say, whatever the file says.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/picture/av1_size.h"
#include "runtime/picture/heif_coded_size.h"
#include "runtime/picture/hevc_size.h"
#include "tests/support/heif_writer.h"
#include "tests/support/source_directory.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

Octets octets(const std::string &bytes) {
    return {reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size()};
}

// Bits as they are written one behind the other, the last byte filled with zeros.
class BitWriter {
public:
    BitWriter &put(std::size_t value, int count) {
        for (int i = count - 1; i >= 0; i--, count_++) {
            if (count_ % 8 == 0) bytes_ += '\0';
            if (value >> i & 1) bytes_.back() = static_cast<char>(bytes_.back() | 0x80 >> count_ % 8);
        }
        return *this;
    }

    BitWriter &zeros(int count) { return put(0, count); }

    BitWriter &golomb(std::size_t value) {
        int bits = 0;
        while ((value + 1) >> (bits + 1)) bits++;
        return zeros(bits).put(value + 1, bits + 1);
    }

    const std::string &bytes() const { return bytes_; }

private:
    std::string bytes_;
    int count_ = 0;
};

// HEVC.

std::string escaped(const std::string &unit) {
    std::string text;
    int zeros = 0;
    for (const char byte : unit) {
        if (zeros >= 2 && static_cast<unsigned char>(byte) <= 3) {
            text += '\3';
            zeros = 0;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        text += byte;
    }
    return text;
}

std::string sequence_unit(std::size_t width, std::size_t height, int sub_layers = 0, int chroma = 1,
                          int layer = 0) {
    BitWriter bits;
    bits.zeros(1).put(33, 6).put(std::size_t(layer), 6).put(1, 3);
    bits.zeros(4).put(std::size_t(sub_layers), 3).put(1, 1).zeros(88).put(90, 8);
    for (int i = 0; i < 8 && sub_layers > 0; i++) bits.put(i < sub_layers ? i % 2 ? 3 : 1 : 0, 2);
    for (int i = 0; i < sub_layers; i++) bits.put(0x5a, i % 2 ? 96 : 8);
    bits.golomb(0).golomb(std::size_t(chroma));
    if (chroma == 3) bits.zeros(1);
    return escaped(bits.golomb(width).golomb(height).put(1, 1).bytes());
}

std::string with_length(const std::string &unit) { return number(unit.size(), 4) + unit; }

TEST(HevcSize, IsThatOfTheSequenceParameters) {
    for (const int sub_layers : {0, 1, 2, 6}) {
        for (const int chroma : {0, 1, 3}) {
            const std::string unit = sequence_unit(8192, 4320, sub_layers, chroma);
            EXPECT_EQ(hevc_unit_pixels(octets(unit)), 8192u * 4320) << sub_layers << " " << chroma;
        }
    }
    EXPECT_EQ(hevc_unit_pixels(octets(sequence_unit(64, 48, 0, 1, 1))), 0u);  // of another layer
    EXPECT_EQ(hevc_unit_pixels(octets("\x26\x01 a slice")), 0u);
}

TEST(HevcSize, TheLargestCountsAsFarAsTheStreamGoes) {
    const std::string stream = with_length(sequence_unit(64, 64)) + with_length("\x26\x01...") +
                               with_length("") + with_length(sequence_unit(640, 480));
    EXPECT_EQ(hevc_pixels(octets(stream)), 640u * 480);
    EXPECT_EQ(hevc_pixels(octets(stream + with_length(sequence_unit(8, 8)))), 640u * 480);
    for (std::size_t length = 0; length < stream.size(); length++) {
        EXPECT_LE(hevc_pixels(octets(stream.substr(0, length))), 64u * 64) << length;
    }
}

// AV1.

std::string unit_of_av1(std::size_t type, const std::string &content) {
    std::string size;
    for (std::size_t left = content.size();; left >>= 7) {
        size += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        if (left <= 0x7f) break;
    }
    return number(type << 3 | 2, 1) + size + content;
}

std::string short_sequence(std::size_t width, std::size_t height, int bits = 16) {
    BitWriter header;
    header.zeros(3).put(3, 2).zeros(5).put(std::size_t(bits - 1), 4).put(std::size_t(bits - 1), 4);
    return unit_of_av1(1, header.put(width - 1, bits).put(height - 1, bits).put(0, 20).bytes());
}

// With timing, a model of decoding and two operating points, if `all`.
std::string long_sequence(std::size_t width, std::size_t height, int bits, bool all) {
    BitWriter header;
    header.zeros(5).put(all, 1);
    if (all) header.put(1, 32).put(25, 32).zeros(1).put(1, 1).put(9, 5).put(1, 32).put(9, 5).put(6, 5);
    header.put(all, 1).put(all, 5);
    for (int i = 0; i < (all ? 2 : 1); i++) {
        header.put(0x101, 12).put(all ? 9 : 5, 5);
        if (all) header.zeros(1).put(1, 1).put(0x155, 10).put(0x2aa, 10).zeros(1).put(1, 1).put(3, 4);
    }
    header.put(std::size_t(bits - 1), 4).put(std::size_t(bits - 1), 4);
    header.put(width - 1, bits).put(height - 1, bits).put(all, 1);
    if (all) header.put(3, 4).put(2, 3);     // 5 + 3 bits of identity
    header.zeros(3 + 4).put(1, 1).zeros(2);  // with order hints
    header.put(1, 1).put(1, 1);              // each frame chooses
    return unit_of_av1(1, header.zeros(16).bytes());
}

std::string key_frame(bool own_size, bool all) {
    BitWriter header;
    header.zeros(1).zeros(2).put(1, 1);
    if (all) header.zeros(7);             // when it is presented
    header.zeros(1).put(1, 1).put(1, 1);  // screen content, integer motion
    if (all) header.put(0x11, 8);
    return unit_of_av1(6, header.put(own_size, 1).zeros(40).bytes());
}

TEST(Av1Size, IsThatOfTheSequence) {
    const std::string delimiter = unit_of_av1(2, ""), frame = unit_of_av1(6, std::string(300, '\x7f'));
    EXPECT_EQ(av1_pixels(octets(delimiter + short_sequence(8192, 4320) + frame)), 8192u * 4320);
    EXPECT_EQ(av1_pixels(octets(short_sequence(64, 64) + frame + short_sequence(1, 65536) + frame)), 65536u);
    EXPECT_EQ(av1_pixels(octets(frame)), 0u);
    const std::string sequence = short_sequence(640, 480);
    EXPECT_EQ(av1_pixels(octets("\x08" + sequence.substr(2))), 640u * 480);   // to the end, without a length
    EXPECT_EQ(av1_pixels(octets("\x0e " + sequence.substr(1))), 640u * 480);  // of a layer
}

TEST(Av1Size, AFrameWithASizeOfItsOwnCountsByItsBits) {
    for (const bool all : {false, true}) {
        const std::string sequence = long_sequence(600, 400, 10, all);
        EXPECT_EQ(av1_pixels(octets(sequence + key_frame(false, all))), 600u * 400) << all;
        EXPECT_EQ(av1_pixels(octets(sequence + key_frame(true, all))), 512u * 512) << all;
        const std::string large = long_sequence(600, 400, 16, all);
        EXPECT_EQ(av1_pixels(octets(large + key_frame(false, all))), 600u * 400) << all;
        EXPECT_EQ(av1_pixels(octets(large + key_frame(true, all))), 32768u * 32768) << all;
    }
}

// Files.

struct Item {
    std::size_t id;
    std::string type, configuration;
    std::vector<std::string> extents;
    bool in_box = false;  // idat, not the file
};

std::string file(const std::vector<Item> &items, const std::string &references = "") {
    const std::string start = box("ftyp", "mif1" + std::string(4, '\0'));
    std::string types, data, places, properties, associations, inner;
    for (const Item &item : items) {
        types += full_box("infe", number(item.id, 2) + number(0, 2) + item.type + '\0', 2);
        std::string extents;
        for (const std::string &extent : item.extents) {
            std::string &whole = item.in_box ? inner : data;
            const std::size_t offset = whole.size() + (item.in_box ? 0 : start.size() + 8);
            extents += number(offset, 4) + number(extent.size(), 4);
            whole += extent;
        }
        places += number(item.id, 2) + number(item.in_box, 2) + number(0, 2);
        places += number(item.extents.size(), 2) + extents;
        properties += box(item.type == "av01" ? "av1C" : "hvcC", item.configuration);
        associations += number(item.id, 2) + number(1, 1) + number(associations.size() / 4 + 1, 1);
    }
    const std::string meta =
        full_box("iinf", number(items.size(), 2) + types) +
        full_box("iloc", number(0x4400, 2) + number(items.size(), 2) + places, 1) + box("idat", inner) +
        box("iprp", box("ipco", properties) + full_box("ipma", number(items.size(), 4) + associations)) +
        full_box("iref", references);
    return start + box("mdat", data) + full_box("meta", meta);
}

std::string hevc_configuration(const std::string &unit) {
    const std::string list = number(33, 1) + number(1, 2) + number(unit.size(), 2) + unit;
    return std::string(22, '\0') + number(1, 1) + list;
}

std::size_t pixels(const std::string &bytes, std::size_t picture = 1) {
    return heif_coded_pixels(octets(bytes), picture).value_or(1);
}

TEST(HeifCodedSize, HevcIsLookedForInTheConfigurationAndInTheData) {
    const std::string small = hevc_configuration(sequence_unit(64, 64)), slice = with_length("\x26\x01..."),
                      large = with_length(sequence_unit(8192, 8192));
    EXPECT_EQ(pixels(file({{1, "hvc1", small, {slice}}})), 64u * 64);
    EXPECT_EQ(pixels(file({{1, "hvc1", hevc_configuration(sequence_unit(640, 480)), {slice}}})), 640u * 480);
    for (const bool in_box : {false, true}) {
        EXPECT_EQ(pixels(file({{1, "hvc1", small, {slice + large}, in_box}})), 8192u * 8192);
        // Cut into pieces anywhere.
        const std::vector<std::string> pieces = {slice + large.substr(0, 3), large.substr(3, 10),
                                                 large.substr(13) + slice};
        EXPECT_EQ(pixels(file({{1, "hvc1", small, pieces, in_box}})), 8192u * 8192);
    }
}

TEST(HeifCodedSize, SoIsAv1AndTheOneMayReachIntoTheOther) {
    const std::string four(4, '\x81'), sequence = short_sequence(8192, 8192);
    EXPECT_EQ(pixels(file({{1, "av01", four, {short_sequence(64, 48)}}})), 64u * 48);
    EXPECT_EQ(pixels(file({{1, "av01", four + sequence, {short_sequence(64, 48)}}})), 8192u * 8192);
    EXPECT_EQ(pixels(file({{1, "av01", four, {short_sequence(64, 48), sequence}}})), 8192u * 8192);
    EXPECT_EQ(pixels(file({{1, "av01", four + sequence.substr(0, 3), {sequence.substr(3)}}})), 8192u * 8192);
}

TEST(HeifCodedSize, WhatAPictureIsMadeOfCounts) {
    const std::string four(4, '\x81');
    const std::string grid = number(0x00000101, 4) + number(1000, 2) + number(500, 2);
    const std::string wide = number(0x00010000, 4) + number(20000, 4) + number(10000, 4);
    const std::string overlay = number(0, 10) + number(3000, 2) + number(2000, 2) + number(0, 8);
    const Item tile{2, "av01", four, {short_sequence(64, 48)}};
    const Item alpha{3, "av01", four, {short_sequence(900, 700)}};
    const Item other{4, "av01", four, {short_sequence(8192, 8192)}};
    const std::string made = box("dimg", number(1, 2) + number(1, 2) + number(2, 2)),
                      of_tile = box("auxl", number(3, 2) + number(1, 2) + number(2, 2));
    EXPECT_EQ(pixels(file({{1, "grid", "", {grid}, true}, tile, alpha, other}, made)), 1000u * 500);
    EXPECT_EQ(pixels(file({{1, "grid", "", {grid}, true}, tile, alpha, other}, made + of_tile)), 900u * 700);
    EXPECT_EQ(pixels(file({{1, "grid", "", {wide}}, tile}, made)), 20000u * 10000);
    EXPECT_EQ(pixels(file({{1, "iovl", "", {overlay}}, tile}, made)), 3000u * 2000);
    EXPECT_EQ(pixels(file({tile, other}), 4), 8192u * 8192);
}

TEST(HeifCodedSize, DataAreInTheFileAndNotManyTimesAsMuch) {
    const std::string four(4, '\x81'), sequence = short_sequence(64, 48);
    std::string bytes = file({{1, "av01", four, {sequence}, true}});
    const std::size_t extents = 20;             // begin so many bytes behind the name
    bytes[bytes.find("iloc") + extents + 7]++;  // beyond idat
    EXPECT_FALSE(heif_coded_pixels(octets(bytes), 1).has_value());
    const std::vector<std::string> nothing(8, std::string(9000, '\0'));
    const std::string whole = file({{1, "av01", four, nothing}});
    bytes = whole;
    for (std::size_t e = 0; e < 8; e++) {  // each is the whole file
        bytes.replace(bytes.find("iloc") + extents + 8 * e, 8, number(0, 4) + number(bytes.size(), 4));
    }
    EXPECT_EQ(pixels(whole), 0u);
    EXPECT_FALSE(heif_coded_pixels(octets(bytes), 1).has_value());
}

TEST(HeifCodedSize, BrokenFilesAreReadAsFarAsTheyGo) {
    const std::string configuration = hevc_configuration(sequence_unit(64, 64));
    const Item hevc{1, "hvc1", configuration, {with_length(sequence_unit(8, 8))}};
    const Item alpha{2, "av01", std::string(4, '\x81'), {short_sequence(64, 48)}, true};
    const std::string bytes = file({hevc, alpha}, box("auxl", number(2, 2) + number(1, 2) + number(1, 2)));
    EXPECT_EQ(pixels(bytes), 64u * 64);
    for (std::size_t i = 0; i < bytes.size(); i++) {
        heif_coded_pixels(octets(bytes.substr(0, i)), 1);
        std::string changed = bytes;
        for (const int value : {0, 1, 0x7f, 0xff}) {
            changed[i] = static_cast<char>(value);
            heif_coded_pixels(octets(changed), 1);
        }
    }
}

// True files, by what their pictures say and as they are decoded.

std::string read(const std::string &name) {
    std::ifstream stream(source_directory() + "/tests/data/images/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(HeifCodedSize, OfTrueFiles) {
    EXPECT_EQ(pixels(read("alpha.heic"), 2), 64u * 64);
    EXPECT_EQ(pixels(read("smooth.heic"), 2), 64u * 64);
    EXPECT_EQ(pixels(read("rgb12_420.avif"), 1), 64u * 48);
}

// 2048 x 2048 in the stream, 64 x 48 in the file.
TEST(HeifCodedSize, AStreamLargerThanItsFileSaysIsRefused) {
    const std::vector<ImageFormat> formats = image_formats();
    const bool decodes = std::any_of(formats.begin(), formats.end(),
                                     [](const ImageFormat &format) { return format.name == "HEIF"; });
    for (const std::string name : {"larger.heic", "larger.avif"}) {
        const std::string bytes = read(name);
        EXPECT_EQ(pixels(bytes), 2048u * 2048) << name;
        const auto image = Image::decode(bytes.data(), bytes.size(), name);
        ASSERT_FALSE(image.has_value()) << name;
        if (decodes) {
            EXPECT_THAT(image.error().message,
                        testing::HasSubstr("of 64 x 48 pixels that holds a larger one"));
        }
    }
}

}  // namespace
}  // namespace vit::test
