// What an app finds in the library: of the shared one nothing but what vit.h and vit.c.h declare, of a
// version, and of the static one no name that a Halide of the app's could have.
#include <cstring>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/run_command.h"
#include "tests/support/source_directory.h"
#include "vit/vit.h"

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

// The names of `nm`'s lines, what stands behind the kind of symbol.
std::vector<std::string> names_of(const std::vector<std::string> &nm) {
    const Outcome symbols = run(nm);
    EXPECT_EQ(symbols.status, 0) << symbols.err;
    std::vector<std::string> names;
    std::istringstream lines(symbols.out);
    const std::regex line_of_symbol("[0-9a-f ]{16} [A-Za-z] (.*)");
    std::smatch found;
    for (std::string line; std::getline(lines, line);) {
        if (std::regex_match(line, found, line_of_symbol)) names.push_back(found[1]);
    }
    return names;
}

// An app may use Halide and the decoders of pictures itself, in other versions than ours.
TEST(SharedLibrary, ShowsNothingButItsNamespaceOfItsVersion) {
    const auto names = names_of({"nm", "--dynamic", "--defined-only", "--demangle", VIT_SHARED_LIBRARY});
    const std::string version(vit::version(), std::strrchr(vit::version(), '.'));
    EXPECT_THAT(names, testing::Contains(testing::MatchesRegex("vit::Model::load\\(.*")));
    const std::string cpp = "(typeinfo for |typeinfo name for |vtable for )?vit::.*";
    const std::string ours = "(" + cpp + "|vit_.*)@@VIT_" + version;
    EXPECT_THAT(names, testing::Each(testing::AnyOf("VIT_" + version, testing::MatchesRegex(ours))));
}

TEST(StaticLibrary, HasHalidesRuntimeUnderNamesOfItsOwn) {
    const auto names = names_of({"nm", "--extern-only", VIT_STATIC_LIBRARY});
    EXPECT_THAT(names, testing::Contains("hl_vit_malloc"));
    EXPECT_THAT(names, testing::Each(testing::Not(testing::AnyOf(
                           testing::StartsWith("halide_"), testing::HasSubstr("6Halide"),
                           testing::StartsWith("copy_to_")))));
}

}  // namespace
}  // namespace vit::test
