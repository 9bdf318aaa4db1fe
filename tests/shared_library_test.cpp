// The library as a shared one (BUILD_SHARED_LIBS): an app runs with it, and sees nothing but vit.h.
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

// An app may use Halide and the decoders of pictures itself, in other versions than ours.
TEST(SharedLibrary, ShowsNothingButItsNamespace) {
    const Outcome symbols = run({"nm", "--dynamic", "--defined-only", "--demangle", VIT_SHARED_LIBRARY});
    ASSERT_EQ(symbols.status, 0) << symbols.err;
    EXPECT_THAT(symbols.out, testing::HasSubstr(" T vit::Model::load("));
    const auto ours = testing::MatchesRegex("(typeinfo for |typeinfo name for |vtable for )?vit::.*");
    std::istringstream lines(symbols.out);
    for (std::string line; std::getline(lines, line);) {
        const std::string name = line.substr(line.find(' ', line.find(' ') + 1) + 1);
        EXPECT_THAT(name, ours) << line;
    }
}

}  // namespace
}  // namespace vit::test
