// The library as a shared one (BUILD_SHARED_LIBS): an app runs with it, and sees nothing but what vit.h and
// vit.c.h declare.
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>

#include "tests/support/run_command.h"
#include "tests/support/source_directory.h"

namespace vit::test {
namespace {

const std::string model = source_directory() + "/models/fashion-mnist";

TEST(SharedLibrary, TheSmallestAppClassifies) {
    const Outcome app = run({VIT_EMBED, model, model + "/images/bag.png"});
    EXPECT_EQ(app.status, 0) << app.err;
    EXPECT_THAT(app.out, testing::MatchesRegex("Bag [0-9.]+ %\n"));
}

std::set<std::string> names_in(const std::string &text, const std::string &pattern) {
    std::set<std::string> names;
    const std::regex name(pattern);
    for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match) {
        names.insert((*match)[1]);
    }
    return names;
}

// What vit.c.h declares is there, and a C program that a test runs calls all of it.
TEST(SharedLibrary, HasTheCInterface) {
    const std::string header = read_file(source_directory() + "/runtime/include/vit/vit.c.h");
    const std::set<std::string> declared = names_in(header, "VIT_API [^;(]*\\b(vit_\\w+)\\(");
    EXPECT_GT(declared.size(), 50u);
    const Outcome symbols = run({"nm", "--dynamic", "--defined-only", VIT_SHARED_LIBRARY});
    EXPECT_EQ(names_in(symbols.out, " T (vit_\\w+)"), declared);
    const std::string program = read_file(source_directory() + "/tests/c/every_function.c");
    const std::set<std::string> called = names_in(program, "\\b(vit_\\w+)\\(");
    EXPECT_EQ(called, declared);
}

// An app may use Halide and the decoders of pictures itself, in other versions than ours.
TEST(SharedLibrary, ShowsNothingButItsNamespace) {
    const Outcome symbols = run({"nm", "--dynamic", "--defined-only", "--demangle", VIT_SHARED_LIBRARY});
    ASSERT_EQ(symbols.status, 0) << symbols.err;
    EXPECT_THAT(symbols.out, testing::HasSubstr(" T vit::Model::load("));
    const auto ours = testing::MatchesRegex("(typeinfo for |typeinfo name for |vtable for )?vit::.*|vit_.*");
    std::istringstream lines(symbols.out);
    for (std::string line; std::getline(lines, line);) {
        const std::string name = line.substr(line.find(' ', line.find(' ') + 1) + 1);
        EXPECT_THAT(name, ours) << line;
    }
}

}  // namespace
}  // namespace vit::test
