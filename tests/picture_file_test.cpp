// What Image::read makes of files that are large, no files, or change while they are read.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include <sys/resource.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_directory.h"
#include "vit/vit.h"

namespace vit::test {

namespace {

TEST(PictureFile, DevicesAndPipesAreRefusedWithoutWaiting) {
    const TemporaryDirectory directory;
    ASSERT_EQ(mkfifo(directory.file("pipe.png").c_str(), 0600), 0);
    expect_error(Image::read(directory.file("pipe.png")), ErrorCode::io, {"pipe.png", "regular file"});
    expect_error(Image::read("/dev/zero"), ErrorCode::io, {"/dev/zero", "regular file"});
    expect_error(Image::read(directory.path()), ErrorCode::io, {directory.path(), "regular file"});
    expect_error(Image::read(directory.file("none.png")), ErrorCode::io, {"none.png", "cannot be opened"});
}

// Largest resident memory so far, in MiB.
long peak_memory() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss >> 10;
}

TEST(PictureFile, FilmsAreNotReadToTheirEnd) {
    const TemporaryDirectory directory;
    directory.write("film.jpg", "no picture");
    const long before = peak_memory();
    std::filesystem::resize_file(directory.file("film.jpg"), std::uintmax_t{900} << 20);
    expect_error(Image::read(directory.file("film.jpg")), ErrorCode::format, {"film.jpg", "is none of"});
    EXPECT_LT(peak_memory() - before, 300);  // AddressSanitizer keeps an eighth of what is merely allocated
    std::filesystem::resize_file(directory.file("film.jpg"), (std::uintmax_t{1} << 30) + 1);
    expect_error(Image::read(directory.file("film.jpg")), ErrorCode::unsupported,
                 {"film.jpg", "1073741825 bytes", "more than 1073741824"});
}

TEST(PictureFile, OneThatChangesWhileItIsReadIsAnAnswerOrASentence) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("picture.ppm");
    const std::string header = "P6 2000 1500 255\n";
    directory.write("picture.ppm", header + std::string(2000 * 1500 * 3, 'x'));
    const auto whole = std::filesystem::file_size(path);
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        for (int i = 0; !stop; i++) {
            std::filesystem::resize_file(path, i % 3 == 0 ? header.size() : i % 3 == 1 ? whole : 2 * whole);
            std::this_thread::sleep_for(std::chrono::microseconds(500 + i * 37 % 1000));
        }
    });
    // Until both have been seen: a busy machine may let one thread wait for long.
    int answers = 0, sentences = 0;
    for (int i = 0; i < 200 || (i < 100000 && (answers == 0 || sentences == 0)); i++) {
        const auto image = Image::read(path);
        (image ? answers : sentences)++;
        if (image) {
            EXPECT_EQ(image->width(), 2000);
        } else {
            EXPECT_EQ(image.error().message.find(path + ": "), 0u) << image.error().message;
        }
    }
    EXPECT_GT(answers, 0);
    EXPECT_GT(sentences, 0);
    stop = true;
    writer.join();
}

}  // namespace

}  // namespace vit::test
