// What a file is that is no picture, or none that is decoded here.
#include "picture/other_formats.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

using std::string_literals::operator""s;

std::string other(const std::string &bytes) {
    return other_format({reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size()});
}

TEST(OtherFormats, AreNamedByTheirFirstBytes) {
    const std::string undecoded = ", which this build does not decode";
    EXPECT_EQ(other("RIFF\x20\0\0\0WEBPVP8 "s), "a WebP picture" + undecoded);
    EXPECT_EQ(other("II*\0\x08\0\0\0"s), "a TIFF picture" + undecoded);
    EXPECT_EQ(other("MM\0*\0\0\0\x08"s), "a TIFF picture" + undecoded);
    EXPECT_EQ(other("\xff\x0a\x00"s), "a JPEG XL picture" + undecoded);
    EXPECT_EQ(other("\0\0\0\x0cJXL \r\n\x87\n"s), "a JPEG XL picture" + undecoded);
    EXPECT_EQ(other("\0\0\0\x0cjP  \r\n\x87\n"s), "a JPEG 2000 picture" + undecoded);
    EXPECT_EQ(other("\xff\x4f\xff\x51"s), "a JPEG 2000 picture" + undecoded);
    EXPECT_EQ(other("8BPS\0\1"s), "a Photoshop document (PSD)");
    EXPECT_EQ(other("%PDF-1.7\n"), "a PDF document");
    EXPECT_EQ(other("\x1f\x8b\x08"), "a gzip archive");
    EXPECT_EQ(other("PK\3\4"), "a ZIP archive");
    EXPECT_EQ(other("RIFF\x20\0\0\0AVI LIST"s), "an AVI video");
}

std::string file_type(const std::string &brands) {
    std::string box = "\0\0\0\0ftyp"s;
    box[3] = static_cast<char>(8 + brands.size());
    return box.append(brands);
}

TEST(OtherFormats, BoxesNameTheirBrand) {
    const std::string undecoded = ", which this build does not decode";
    EXPECT_EQ(other(file_type("avif\0\0\0\0mif1miaf"s)), "an AVIF picture" + undecoded);
    EXPECT_EQ(other(file_type("mif1\0\0\0\0mif1avif"s)), "an AVIF picture" + undecoded);
    EXPECT_EQ(other(file_type("heic\0\0\0\0mif1heic"s)), "a HEIC picture" + undecoded);
    EXPECT_EQ(other(file_type("mif1\0\0\0\0mif1heic"s)), "a HEIC picture" + undecoded);
    EXPECT_EQ(other(file_type("mif1\0\0\0\0mif1"s)), "a HEIF picture" + undecoded);
    EXPECT_EQ(other(file_type("isom\0\0\2\0isomavc1"s)), "an MP4 video");
    EXPECT_EQ(other(file_type("mp42\0\0\0\0"s)), "an MP4 video");
    EXPECT_EQ(other(file_type("qt  \0\0\0\0"s)), "a QuickTime video");
    // A brand behind the box is none of its brands.
    EXPECT_EQ(other(file_type("isom\0\0\0\0"s) + "avif"), "an MP4 video");
}

TEST(OtherFormats, TextIsKnownByItsFirstWords) {
    EXPECT_EQ(other("<!DOCTYPE html>\n<html lang=en>"), "an HTML page");
    EXPECT_EQ(other("\n  <HTML><body>"), "an HTML page");
    EXPECT_EQ(other("\xef\xbb\xbf<html><body><svg>"), "an HTML page");
    EXPECT_EQ(other("<svg xmlns=\"http://www.w3.org/2000/svg\">"), "an SVG drawing");
    EXPECT_EQ(other("<?xml version=\"1.0\"?>\n<!-- drawn -->\n<svg width=\"1\">"), "an SVG drawing");
    EXPECT_EQ(other("<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>"), "an XML document");
    EXPECT_NE(other("version https://git-lfs.github.com/spec/v1\noid sha256:00").find("Git LFS pointer"),
              std::string::npos);
    EXPECT_EQ(other("These are words."), "");
    EXPECT_EQ(other("html"), "");
}

TEST(OtherFormats, NothingIsReadBehindTheEnd) {
    std::string tar(262, '\0');
    tar.replace(257, 5, "ustar");
    for (const std::string &whole : {file_type("mif1\0\0\0\0mif1avif"s), tar, "RIFF\x20\0\0\0WEBPVP8 "s,
                                     "<?xml <!-- --> <svg"s, "version https://git-lfs"s}) {
        for (std::size_t size = 0; size <= whole.size(); size++) {
            other(whole.substr(0, size));  // of its own, so that sanitizers see its end
        }
    }
    EXPECT_EQ(other(tar), "a tar archive");
    EXPECT_EQ(other(""), "");
    EXPECT_EQ(other(file_type("").substr(0, 8)), "");
}

// What is no picture is one of form; a picture of a format that is not decoded is a picture.
TEST(OtherFormats, StandInTheSentence) {
    const auto decoded = [](const std::string &bytes) {
        return Image::decode(bytes.data(), bytes.size(), "cat.jpg");
    };
    expect_error(decoded("<!doctype html><title>404"), ErrorCode::format,
                 {"cat.jpg: is none of JPEG", ": it is an HTML page"});
    expect_error(decoded("\xff\x0a\xfa\x1f\x01"), ErrorCode::unsupported,
                 {"cat.jpg", "it is a JPEG XL picture, which this build does not decode"});
}

}  // namespace
}  // namespace vit::test
