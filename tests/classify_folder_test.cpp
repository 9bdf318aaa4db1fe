// `vit classify` on folders and lists as people have them.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <thread>

#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/run_command.h"
#include "tests/support/source_directory.h"

namespace vit::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::json;
using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

const std::string bundled = source_directory() + "/models/fashion-mnist";

std::string picture(int seed) {
    std::string ppm = "P6 20 10 255\n";
    for (int i = 0; i < 600; i++) ppm += static_cast<char>((seed * 37 + i * (seed % 5)) & 255);
    return ppm;
}

std::vector<Json> json_lines(const std::string &text) {
    std::vector<Json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
    return lines;
}

class ClassifyFolder : public testing::Test {
protected:
    std::string write(const std::string &name, const std::string &content) const {
        fs::create_directories(fs::path(files_.file(name)).parent_path());
        files_.write(name, content);
        return files_.file(name);
    }
    std::string write_picture(const std::string &name, int seed = 1) const {
        return write(name, picture(seed));
    }
    static Outcome classify(const Strings &arguments, const std::string &input = {}) {
        Strings all = {"classify", bundled, "--format", "json", "--top-k", "1"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return vit_command(all, input);
    }
    // Names as in the answers, without the directory of the test.
    Strings names(const Outcome &outcome) const {
        Strings found;
        for (const Json &line : json_lines(outcome.out)) {
            const std::string file = line.at("file");
            found.push_back(file.starts_with(files_.path() + "/") ? file.substr(files_.path().size() + 1)
                                                                  : file);
        }
        return found;
    }

    TemporaryDirectory files_;
};

TEST_F(ClassifyFolder, HundredsOfPicturesOneInTenBrokenComeInOrderFromAnyNumberOfThreads) {
    const Strings breaks = {"", "this is text", picture(1).substr(0, 300), "P6 0 10 255\n",
                            "\x89PNG\r\n\x1a\n"};
    Strings expected;
    std::vector<bool> broken;
    for (int i = 0; i < 320; i++) {
        const std::string number = std::to_string(1000 + i).substr(1);
        const std::string name = "year" + std::to_string(i / 80) + "/day" + std::to_string(i / 20 % 4) +
                                 "/" + number + ".ppm";
        const bool is_broken = i % 10 == 7;
        write(name, is_broken ? breaks[static_cast<std::size_t>(i / 10) % breaks.size()] : picture(i));
        expected.push_back(name);
        broken.push_back(is_broken);
    }
    Strings first;
    for (const Strings &options : {Strings{}, {"--threads", "1"}, {"--threads", "7", "--batch", "3"}}) {
        Strings arguments = {"--recursive", files_.path()};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const Outcome outcome = classify(arguments);
        EXPECT_EQ(outcome.status, 1);
        EXPECT_EQ(outcome.err, "");
        EXPECT_EQ(names(outcome), expected);
        const std::vector<Json> lines = json_lines(outcome.out);
        ASSERT_EQ(lines.size(), broken.size());
        Strings answers;
        for (std::size_t i = 0; i < lines.size(); i++) {
            EXPECT_EQ(lines[i].contains("error"), broken[i]) << lines[i];
            answers.push_back(broken[i] ? lines[i].value("error", "") : lines[i].at("predictions").dump());
            EXPECT_TRUE(!broken[i] || answers.back().find(expected[i] + ": ") != std::string::npos)
                << answers.back();
        }
        if (first.empty()) first = answers;
        EXPECT_EQ(answers, first);
    }
}

TEST_F(ClassifyFolder, PicturesOfManyKindsAreTakenAndTheRestIsCounted) {
    const Strings endings = {"JPG",  "avif", "bmp", "gif", "heic", "heif", "jfif", "jpe", "jpeg", "pam",
                             "pbm",  "pgm",  "png", "pnm", "ppm",  "tga",  "tif",  "TIFF", "webp"};
    Strings expected;
    for (const std::string &ending : endings) {
        expected.push_back("a." + ending);
        write_picture(expected.back());
    }
    for (const char *name : {"b.mov", "c.MOV", "d.mov", "e.txt", "Makefile", ".hidden.ppm", "._a.jpg",
                             "g.a_long_ending", "below/f.ppm"}) {
        write_picture(name);
    }
    ASSERT_EQ(mkfifo(files_.file("pipe.ppm").c_str(), 0600), 0);
    const Outcome outcome = classify({files_.path()});
    EXPECT_EQ(outcome.status, 0);
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(names(outcome), expected);
    EXPECT_EQ(outcome.err, "vit: skipped 10: 3 .mov, 2 hidden, 1 .txt, 1 folders, 1 no regular files, "
                           "1 without an ending, 1 other\n");
    EXPECT_EQ(classify({"--recursive", files_.file("below")}).err, "");
}

TEST_F(ClassifyFolder, FoldersBelowStandAtTheirPlaceAndLinksAreNotFollowedTwice) {
    for (const char *name : {"a.ppm", "b/1.ppm", "b/c/2.ppm", "b/3.ppm", "b.ppm", ".thumbnails/x.ppm"}) {
        write_picture(name);
    }
    const TemporaryDirectory elsewhere;
    elsewhere.write("far.ppm", picture(3));
    fs::create_symlink("..", files_.file("b/c/up"));
    fs::create_symlink("up", files_.file("b/c/itself"));
    fs::create_symlink(elsewhere.path(), files_.file("link"));
    fs::create_symlink(elsewhere.path(), files_.file("link2"));
    fs::create_symlink("b/1.ppm", files_.file("z.ppm"));
    fs::create_symlink("nothing", files_.file("broken.ppm"));
    const Outcome outcome = classify({"-r", files_.path()});
    EXPECT_EQ(outcome.status, 0) << outcome.out;
    EXPECT_THAT(names(outcome), ElementsAre("a.ppm", "b/1.ppm", "b/3.ppm", "b/c/2.ppm", "b.ppm",
                                            "link/far.ppm", "z.ppm"));
    EXPECT_EQ(outcome.err, "vit: skipped 2: 1 hidden, 1 no regular files\n");
    EXPECT_THAT(names(classify({files_.path()})), ElementsAre("a.ppm", "b.ppm", "z.ppm"));
    fs::create_directory(files_.file("empty"));
    const Outcome none = classify({"-r", files_.file("empty")});
    EXPECT_EQ(none.status, 1);
    EXPECT_THAT(none.out, HasSubstr("without picture files"));
}

TEST_F(ClassifyFolder, AListEndsItsNamesAsFindOrWindowsDo) {
    const std::string newline = write_picture("new\nline.ppm"), bytes = write_picture("\xff\r.ppm\r");
    const std::string plain = write_picture("plain.ppm");
    using namespace std::string_literals;
    const Outcome zeros = classify({"-0", "-"}, newline + "\0"s + bytes + "\0"s + plain);
    EXPECT_EQ(zeros.status, 0) << zeros.out;
    EXPECT_THAT(names(zeros), ElementsAre("new\nline.ppm", "\xef\xbf\xbd\r.ppm\r", "plain.ppm"));
    const std::string list = "\xef\xbb\xbf" + plain + "\r\n\r\n" + bytes + "\n" + plain + "\r";
    const Outcome windows = classify({"-"}, list);
    EXPECT_EQ(windows.status, 0) << windows.out;
    EXPECT_THAT(names(windows), ElementsAre("plain.ppm", "\xef\xbf\xbd\r.ppm\r", "plain.ppm"));
    const Outcome misread = classify({"-"}, newline + "\0"s + plain + "\0"s);
    EXPECT_EQ(misread.status, 1);
    EXPECT_THAT(misread.out, HasSubstr("-0"));
}

// The command, waiting for names, and its standard input.
class Waiting {
public:
    Waiting(const TemporaryDirectory &files, const std::string &before, const Strings &arguments)
        : files_(files) {
        if (mkfifo(files.file("names").c_str(), 0600) != 0) throw std::runtime_error("no pipe");
        Strings words = {"sh", "-c", before + "echo $$ > '" + files.file("pid") + "'; exec \"$@\"", "sh"};
        for (const std::string &word : vit_command()) words.push_back(word);
        words.insert(words.end(), arguments.begin(), arguments.end());
        thread_ = std::thread([this, words] {
            status_ = run_between(words, files_.file("names"), files_.file("out"), files_.file("err"));
        });
        names_ = open(files.file("names").c_str(), O_WRONLY);
    }
    void give(const std::string &names) const {
        ASSERT_EQ(::write(names_, names.data(), names.size()), static_cast<ssize_t>(names.size()));
    }
    void wait_for_lines(std::ptrdiff_t lines) const {
        for (int i = 0; i < 3000; i++) {
            const std::string out = fs::exists(files_.file("out")) ? read_file(files_.file("out")) : "";
            if (std::count(out.begin(), out.end(), '\n') >= lines) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        FAIL() << "no " << lines << " lines in time";
    }
    void signal(int number) const { kill(std::stoi(read_file(files_.file("pid"))), number); }
    int end() {
        if (names_ >= 0) close(names_);
        names_ = -1;
        if (thread_.joinable()) thread_.join();
        return status_;
    }
    int status_when_stopped() {
        thread_.join();
        return status_;
    }
    ~Waiting() { end(); }

private:
    const TemporaryDirectory &files_;
    std::thread thread_;
    int names_ = -1, status_ = -1;
};

TEST_F(ClassifyFolder, AnEndFromOutsideLeavesWholeLinesAndNoRemains) {
    const std::string file = write_picture("p.ppm");
    const TemporaryDirectory streams, dumps;
    Waiting command(streams, "", {"classify", bundled, "-", "--format", "json", "--batch", "2",
                                  "--dump-logits", dumps.file("logits.npy")});
    std::string list;
    for (int i = 0; i < 20; i++) list += file + "\n";
    command.give(list);
    command.wait_for_lines(4);
    command.signal(SIGTERM);
    EXPECT_EQ(command.status_when_stopped(), 128 + SIGTERM);
    const std::string out = read_file(streams.file("out"));
    EXPECT_TRUE(out.ends_with('\n'));
    EXPECT_GE(json_lines(out).size(), 4u);
    EXPECT_EQ(read_file(streams.file("err")), "");
    EXPECT_TRUE(fs::is_empty(dumps.path()));
}

TEST_F(ClassifyFolder, ASignalThatWasIgnoredStaysSo) {
    const std::string file = write_picture("p.ppm");
    const TemporaryDirectory streams;
    Waiting command(streams, "trap '' HUP; ",
                    {"classify", bundled, "-", "--format", "json", "--batch", "1"});
    command.give(file + "\n");
    command.wait_for_lines(1);
    command.signal(SIGHUP);
    command.give(file + "\n");
    command.wait_for_lines(2);
    EXPECT_EQ(command.end(), 0);
}

}  // namespace

}  // namespace vit::test
