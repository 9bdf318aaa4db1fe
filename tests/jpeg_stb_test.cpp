// JPEG where there is no libjpeg: the right pixels, or a sentence. The pictures are written by
// tests/data/images/make_images.py.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/picture/jpeg_stream.h"
#include "runtime/picture/stb_image.h"
#include "tests/support/expect_error.h"
#include "tests/support/random.h"
#include "tests/support/source_directory.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

std::string file(const std::string &name) {
    std::ifstream in(source_directory() + "/tests/data/images/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Octets octets(const std::string &bytes) {
    return {reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size()};
}

Result<Samples> decode(const std::string &bytes, bool truncated = false) {
    const auto header = read_jpeg_header(octets(bytes), "it is a JPEG picture");
    if (!header) return tl::unexpected(header.error());
    const auto stream = read_jpeg_stream(octets(bytes), "it is a JPEG picture");
    if (!stream) return tl::unexpected(stream.error());
    if (stream->scans.empty() || (!stream->complete && !truncated)) {
        return fail(ErrorCode::format, "it is a JPEG picture that ends before its last pixel");
    }
    ImageOptions options;
    options.accept_truncated = truncated;
    return stb_decode_jpeg(*stream, {header->width, header->height, header->orientation}, options,
                           "it is a JPEG picture");
}

std::vector<int> pixels(const Samples &samples) {
    const std::size_t n = std::size_t(samples.width) * samples.height * samples.channels;
    return {samples.data.get(), samples.data.get() + n};
}

constexpr char scan = '\xda', huffman = '\xc4', quantization = '\xdb', frame = '\xc0';

// A segment's length from its 0xff on.
std::size_t length_at(const std::string &jpeg, std::size_t from) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(jpeg[from + i]); };
    return 2 + (byte(2) << 8 | byte(3));
}

// Offset of the first segment of a marker, from its 0xff on; and behind it.
std::size_t at(const std::string &jpeg, char marker) {
    std::size_t at = 2;
    while (jpeg[at + 1] != marker) at += length_at(jpeg, at);
    return at;
}

std::size_t behind(const std::string &jpeg, char marker) {
    const std::size_t from = at(jpeg, marker);
    return from + length_at(jpeg, from);
}

std::string without(std::string jpeg, char marker) {
    while (jpeg.find(std::string("\xff") + marker) < at(jpeg, scan)) {
        const std::size_t from = at(jpeg, marker);
        jpeg.erase(from, behind(jpeg, marker) - from);
    }
    return jpeg;
}

class Stb : public testing::TestWithParam<const char *> {
protected:
    void expect_same(const std::string &other) const {
        const auto a = decode(whole_), b = decode(other);
        ASSERT_TRUE(a) << a.error().message;
        ASSERT_TRUE(b) << b.error().message;
        EXPECT_EQ(pixels(*a), pixels(*b));
    }
    const std::string whole_ = file(GetParam());
    const std::string unended_ = whole_.substr(0, whole_.size() - 2), end_{"\xff\xd9", 2};
};

TEST_P(Stb, BytesBehindTheEndMeanNothing) {
    const std::string video("\0\0\0\x18" "ftypmp42\xff\xc4\1\0\x7f\x7f\x7f\xff\xd8\xff\xda\0\2", 25);
    expect_same(whole_ + video);
    expect_same(whole_ + whole_);
}

TEST_P(Stb, BytesBeforeTheEndMeanNothing) {
    const std::string junk(8, '\x12'), stuffed("\xff\0", 2);
    expect_same(unended_ + junk + stuffed + junk + end_);
    expect_same(unended_ + "\xff\xff\xff" + end_);
    expect_same(unended_ + "\xff\xd1" + end_);
}

TEST_P(Stb, BytesBetweenSegmentsMeanNothing) {
    std::string jpeg = whole_;
    for (const char marker : {scan, huffman, quantization})
        jpeg.insert(at(jpeg, marker), "\x12\x34\xff\xff");
    expect_same(jpeg);
}

TEST_P(Stb, TablesThatAreMissingAreNoZeros) {
    expect_error(decode(without(whole_, quantization)), ErrorCode::format, {"a table is missing"});
    std::string other = whole_;
    other[at(other, scan) + 6] = '\x22';  // the third tables, for DC and AC
    expect_error(decode(other), ErrorCode::format, {"JPEG"});
}

TEST_P(Stb, CutAnywhereIsRefusedOrWhole) {
    const auto right = decode(whole_);
    ASSERT_TRUE(right);
    int refused = 0;
    for (std::size_t size = 3; size < whole_.size(); size++) {
        for (const std::string &tail : {std::string(), end_, std::string(40, '\0')}) {
            // Behind complete headers of scans, a progressive picture of fewer scans is a picture.
            if (GetParam() == std::string("progressive.jpg") && tail == end_) continue;
            const std::string cut = whole_.substr(0, size) + tail;
            const auto found = decode(cut);
            if (found) {
                EXPECT_EQ(pixels(*found), pixels(*right)) << size << " bytes and " << tail.size();
            } else {
                refused++;
                EXPECT_EQ(found.error().code, ErrorCode::format) << found.error().message;
            }
        }
    }
    EXPECT_GT(refused, static_cast<int>(whole_.size()));
}

TEST_P(Stb, WithOtherBytesTwoDecodingsAgree) {
    Random random;
    for (int i = 0; i < 2000; i++) {
        std::string changed = whole_;
        for (int n = random.integer(1, 4); n > 0; n--) {
            changed[random.integer(2, static_cast<int>(changed.size()) - 1)] =
                static_cast<char>(random.integer(0, 255));
        }
        // Memory that is freed full of other bytes comes back in the next decoding.
        const auto a = decode(changed, i % 2 == 1);
        { const std::vector<std::uint8_t> dirt(1 << 16, static_cast<std::uint8_t>(i)); }
        const auto b = decode(changed, i % 2 == 1);
        ASSERT_EQ(a.has_value(), b.has_value());
        if (a) {
            ASSERT_EQ(pixels(*a), pixels(*b));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Files, Stb,
                         testing::Values("blocks.jpg", "grey.jpg", "progressive.jpg", "restarts.jpg"),
                         [](const auto &tested) {
                             const std::string name = tested.param;
                             return name.substr(0, name.size() - 4);
                         });

TEST(StbJpeg, WithoutHuffmanTablesTheyAreTheStandards) {
    const std::string whole = file("blocks.jpg");
    const auto right = decode(whole), found = decode(without(whole, huffman));
    ASSERT_TRUE(right);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(pixels(*right), pixels(*found));
}

// What there is of a picture that is cut, and grey.
TEST(StbJpeg, TruncatedIsGreyWhereItEnds) {
    const std::string whole = file("grey.jpg");
    const auto found = decode(whole.substr(0, behind(whole, scan)), true);
    ASSERT_TRUE(found) << found.error().message;
    for (const int sample : pixels(*found)) EXPECT_EQ(sample, 128);
}

TEST(StbJpeg, ScansAreCounted) {
    const std::string whole = file("grey.jpg");
    std::string many = whole.substr(0, at(whole, scan));
    many[at(many + whole.substr(at(whole, scan)), frame) + 1] = '\xc2';
    for (int i = 0; i < 200; i++) many += std::string("\xff\xda\0\x08\1\1\0\0\0\0", 10);
    expect_error(decode(many + "\xff\xd9"), ErrorCode::unsupported, {"more than 100 scans"});
}

TEST(StbJpeg, OrientationIsReadFromTheFirstExif) {
    const std::string whole = file("blocks.jpg");
    const auto app1 = [](char value) {
        const std::string exif("Exif\0\0MM\0*\0\0\0\x08\0\x01\1\x12\0\3\0\0\0\1\0", 25);
        return std::string("\xff\xe1\0\x24", 4) + exif + value + std::string(8, '\0').substr(0, 8);
    };
    for (char value = 1; value <= 8; value++) {
        const auto header =
            read_jpeg_header(octets(whole.substr(0, 2) + app1(value) + app1(3) + whole.substr(2)), "it");
        ASSERT_TRUE(header) << header.error().message;
        EXPECT_EQ(header->orientation, value);
        EXPECT_EQ(header->width, 32);
    }
}

// Gigabytes that a few hundred bytes claim are not allocated.
TEST(StbJpeg, ClaimsAreWeighed) {
    for (const char *name : {"blocks.jpg", "grey.jpg"}) {
        std::string claim = file(name);
        claim.replace(at(claim, frame) + 5, 4, "\x3e\x80\x3e\x80");  // 16000 x 16000
        expect_error(decode(claim), ErrorCode::format, {"ends before its last pixel"});
        expect_error(decode(claim, true), ErrorCode::format, {"ends before its last pixel"});
    }
}

TEST(StbJpeg, MemoryHasABound) {
    const std::string whole = file("blocks.jpg");
    const auto stream = read_jpeg_stream(octets(whole), "it");
    ASSERT_TRUE(stream);
    ImageOptions options;
    options.max_memory = 1000;
    expect_error(stb_decode_jpeg(*stream, {32, 8}, options, "it is a JPEG picture"), ErrorCode::unsupported,
                 {"more than 1000"});
}

}  // namespace
}  // namespace vit::test
