// Pictures that are given up while they are decoded.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/picture/image.h"
#include "runtime/picture/whole_picture.h"
#include "tests/support/expect_error.h"
#include "tests/support/jpeg_writer.h"
#include "tests/support/picture_writer.h"
#include "tests/support/random.h"
#include "tests/support/source_directory.h"

namespace vit::test {
namespace {

using Clock = std::chrono::steady_clock;

bool has(const std::string &format) {
    const auto formats = image_formats();
    return std::any_of(formats.begin(), formats.end(), [&](const ImageFormat &f) {
        return f.name == format && f.decoder.find("stb") == std::string::npos;
    });
}

TEST(CancelledPicture, IsNotBegun) {
    std::atomic<bool> flag = true;
    ImageOptions options;
    options.cancelled = &flag;
    const std::string folder = source_directory() + "/tests/data/images/";
    for (const char *name : {"blocks.jpg", "rgb.png", "rgb.bmp", "palette.gif", "none.png"}) {
        expect_error(Image::read(folder + name, options), ErrorCode::cancelled, {name, "was cancelled"});
    }
    expect_error(Image::decode("", 0, "empty", options), ErrorCode::cancelled, {"empty: was cancelled"});
    flag = false;
    EXPECT_TRUE(Image::read(folder + "blocks.jpg", options));
}

// Sets the flag as soon as it has been given a row.
class Canceller : public RowSink {
public:
    explicit Canceller(std::atomic<bool> &flag) : flag_(flag) {}
    Result<std::int64_t> begin(int width, int, int channels, bool) override {
        row_.resize(std::size_t(width) * channels * rows_);
        return 0;
    }
    Room room() override { return {row_.data(), rows_}; }
    Result<void> take(int count) override {
        flag_ = true;
        rows_taken += count;
        return {};
    }
    Result<void> take_all(Samples) override { return fail(ErrorCode::argument, "not by rows"); }

    int rows_taken = 0;

private:
    static constexpr int rows_ = 16;
    std::atomic<bool> &flag_;
    std::vector<std::uint8_t> row_;
};

TEST(CancelledPicture, EndsWithTheNextRows) {
    if (!can_write_jpeg || !has("PNG")) GTEST_SKIP() << "JPEG or PNG is not decoded by rows here";
    Random random;
    for (const std::string &bytes : {jpeg_of(64, 200, 3, false, random), jpeg_of(64, 200, 4, false, random),
                                     png_of(64, 200, 3, random)}) {
        for (const bool accept_truncated : {false, true}) {
            std::atomic<bool> flag = false;
            ImageOptions options;
            options.cancelled = &flag;
            options.accept_truncated = accept_truncated;
            Canceller sink(flag);
            expect_error(decode_picture(bytes.data(), bytes.size(), "large", options, sink),
                         ErrorCode::cancelled, {"large: is a ", "was cancelled"});
            EXPECT_GT(sink.rows_taken, 0);
            EXPECT_LE(sink.rows_taken, 16);
        }
    }
}

// Another thread sets the flag after a quarter of the time that the picture takes: it is given up before
// half of it has passed. A busy machine may let either thread wait, so not every time.
void expect_given_up_soon(const std::string &bytes, const std::string &what) {
    SCOPED_TRACE(what);
    auto whole = Clock::duration::max();
    for (int i = 0; i < 3; i++) {
        const auto start = Clock::now();
        WholePicture picture;
        const auto done = decode_picture(bytes.data(), bytes.size(), "large", {}, picture);
        ASSERT_TRUE(done) << done.error().message;
        whole = std::min(whole, Clock::now() - start);
    }
    bool soon = false;
    for (int i = 0; i < 100 && !soon; i++) {
        std::atomic<bool> flag = false;
        ImageOptions options;
        options.cancelled = &flag;
        std::thread other([&] {
            std::this_thread::sleep_for(whole / 4);
            flag = true;
        });
        const auto start = Clock::now();
        WholePicture picture;
        const auto done = decode_picture(bytes.data(), bytes.size(), "large", options, picture);
        const auto end = Clock::now();
        other.join();
        if (!done) {
            expect_error(done, ErrorCode::cancelled, {"large: ", "was cancelled"});
            soon = end - start < whole / 2;
        }
    }
    EXPECT_TRUE(soon);
}

TEST(CancelledPicture, IsGivenUpInTheMiddle) {
    Random random;
    if (can_write_jpeg) {
        expect_given_up_soon(jpeg_of(3000, 2000, 3, false, random), "JPEG");
        expect_given_up_soon(jpeg_of(3000, 2000, 3, true, random), "JPEG of several scans");
    }
    if (has("PNG")) expect_given_up_soon(png_of(3000, 2000, 3, random), "PNG");
    if (has("TIFF")) expect_given_up_soon(tiff_of(4000, 8000), "TIFF");
}

}  // namespace
}  // namespace vit::test
