// What README and the public header show is what is there: their code is apps/embed, which install_test
// builds, and the commands that README shows print what stands below them.
#include <filesystem>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/support/run_command.h"
#include "tests/support/source_directory.h"

namespace vit::test {

namespace {

using testing::HasSubstr;

const std::string source = source_directory();

std::vector<std::string> lines_of(const std::string &text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// The fenced blocks of a Markdown text in a language.
std::vector<std::string> blocks(const std::string &text, const std::string &language) {
    std::vector<std::string> found;
    bool inside = false, wanted = false;
    for (const std::string &line : lines_of(text)) {
        if (line.starts_with("```")) {
            wanted = !inside && line == "```" + language;
            inside = !inside;
            if (wanted) found.emplace_back();
        } else if (inside && wanted) {
            found.back() += line + "\n";
        }
    }
    return found;
}

// The program that a header's opening comment shows: what is indented there.
std::string program_of_opening_comment(const std::string &header) {
    std::string program, blank;
    for (const std::string &line : lines_of(header)) {
        if (!line.starts_with("//")) break;
        if (line.starts_with("//     ")) {
            program += blank + line.substr(7) + "\n";
            blank.clear();
        } else if (line == "//" && !program.empty()) {
            blank = "\n";
        }
    }
    return program;
}

// Times are the last thing of a line for people and for JSON, and the last but the error in CSV.
std::string without_times(const std::string &text) {
    const std::regex times(" +[0-9.]+ ms\n|\"ms\":[0-9.]+|,[0-9.]+,\n");
    // The last digits of a score depend on the order in which a machine's vectors add.
    const std::regex last_digits("([0-9]\\.[0-9]{4})[0-9]+");
    return std::regex_replace(std::regex_replace(text, times, "\n"), last_digits, "$1");
}

TEST(Readme, ShowsTheSmallestApp) {
    const std::string readme = read_file(source + "/README.md");
    const std::string app = source + "/apps/embed/";
    EXPECT_THAT(blocks(readme, "cpp"),
                testing::ElementsAre(read_file(app + "embed.cpp"), read_file(app + "camera.cpp")));
    EXPECT_THAT(blocks(readme, "c"), testing::ElementsAre(read_file(app + "embed.c")));
    EXPECT_THAT(blocks(readme, "cmake"), testing::ElementsAre(read_file(app + "CMakeLists.txt")));
}

TEST(Readme, ShowsAnAppWithItsOwnThreadsAndPixels) {
    const Outcome outcome = run({VIT_EMBED_CAMERA, source + "/models/fashion-mnist"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.err, testing::AllOf(HasSubstr("\r  0 %"), testing::EndsWith("\r100 %")));
    const std::vector<std::string> labels = lines_of(outcome.out);
    ASSERT_EQ(labels.size(), 2u);
    EXPECT_EQ(labels[0], labels[1]) << "the same grey";
}

TEST(Readme, ThePublicHeadersOpenWithTheSmallestApp) {
    EXPECT_EQ(program_of_opening_comment(read_file(source + "/runtime/include/vit/vit.h")),
              read_file(source + "/apps/embed/embed.cpp"));
    EXPECT_EQ(program_of_opening_comment(read_file(source + "/runtime/include/vit/vit.c.h")),
              read_file(source + "/apps/embed/embed.c"));
}

// Of every console block: "$ build/host/vit ..." prints the lines up to the next "$", but for times; "..."
// stands for lines left out before them. `make demo` is the command that the Makefile says.
TEST(Readme, ItsCommandsPrintWhatItShows) {
    std::smatch demo;
    const std::string makefile = read_file(source + "/Makefile");
    const std::regex recipe("\ndemo:[^\n]*\n(?:\t@[^\n]*\n)*\t(build/host/vit [^\n]*)\n");
    ASSERT_TRUE(std::regex_search(makefile, demo, recipe));
    int commands = 0;
    for (const std::string &block : blocks(read_file(source + "/README.md"), "console")) {
        std::string command, shown;
        const auto check = [&] {
            if (command == "make demo") command = demo[1];
            if (!command.starts_with("build/host/vit ")) return;
            command.replace(0, std::string("build/host/vit").size(), "'" VIT_COMMAND "'");
            const Outcome outcome = run({"sh", "-c", "cd '" + source + "' && " + command});
            EXPECT_EQ(outcome.status, 0) << command << "\n" << outcome.err;
            EXPECT_EQ(without_times(outcome.out), without_times(shown)) << command;
            commands++;
        };
        for (const std::string &line : lines_of(block)) {
            if (line.starts_with("$ ")) {
                check();
                command = line.substr(2);
                shown.clear();
            } else if (line != "...") {
                shown += line + "\n";
            }
        }
        check();
    }
    EXPECT_GE(commands, 2);
}

// Every path in the repository that README names in code or as a link's target is there, build products
// apart.
TEST(Readme, NamesFilesThatExist) {
    const std::string readme = read_file(source + "/README.md");
    const std::string rooms = "apps|bench|cmake|generators|models|runtime|schedules|scripts|tests";
    const std::regex path("[`(]((?:" + rooms + ")/[^`) ]*)[`)]");
    int paths = 0;
    for (std::sregex_iterator match(readme.begin(), readme.end(), path), end; match != end; ++match) {
        const std::string name = (*match)[1];
        if (name.find_first_of("<*{") != std::string::npos) continue;
        EXPECT_TRUE(std::filesystem::exists(source + "/" + name)) << name;
        paths++;
    }
    EXPECT_GE(paths, 5);
}

// Every option of the command that README names is one that some subcommand's help knows.
TEST(Readme, NamesOptionsThatExist) {
    std::string help;
    for (const char *command : {"classify", "info", "bench"}) help += vit_command({command, "--help"}).out;
    for (const std::string &block : blocks(read_file(source + "/README.md"), "console")) {
        for (const std::string &line : lines_of(block)) {
            if (!line.starts_with("$ build/host/vit")) continue;
            const std::regex option("--[a-z][a-z-]*");
            for (std::sregex_iterator match(line.begin(), line.end(), option), end; match != end; ++match) {
                EXPECT_THAT(help, HasSubstr(match->str())) << line;
            }
        }
    }
}

}  // namespace

}  // namespace vit::test
