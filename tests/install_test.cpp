// The library as another project gets it: installed, found by find_package, linked into the smallest app
// and its twin in C (apps/embed).
#include <filesystem>
#include <memory>

#include <gmock/gmock.h>

#include "tests/support/run_command.h"
#include "tests/support/source_directory.h"

namespace vit::test {

namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

const std::string model = source_directory() + "/models/fashion-mnist";
const std::string bag = model + "/images/bag.png";

class Install : public testing::Test {
protected:
    static void SetUpTestSuite() {
        directory_ = std::make_unique<TemporaryDirectory>();
        prefix_ = directory_->file("prefix");
        embed_ = directory_->file("embed/embed");
        embed_c_ = embed_ + "_c";
        must({VIT_CMAKE, "--install", VIT_BINARY_DIR, "--prefix", prefix_});
        std::vector<std::string> configure = {VIT_CMAKE, "-S", source_directory() + "/apps/embed", "-B",
                                              directory_->file("embed"), "-DCMAKE_PREFIX_PATH=" + prefix_,
                                              "-DCMAKE_CXX_COMPILER=" VIT_CXX_COMPILER};
        // A static library under a sanitizer needs that sanitizer's runtime.
        const std::string sanitize = VIT_SANITIZE;
        if (!sanitize.empty()) configure.push_back("-DCMAKE_CXX_FLAGS=-fsanitize=" + sanitize);
        must(configure);
        must({VIT_CMAKE, "--build", directory_->file("embed")});
    }
    static void TearDownTestSuite() { directory_.reset(); }

    static void must(const std::vector<std::string> &arguments) {
        const Outcome outcome = run(arguments);
        ASSERT_EQ(outcome.status, 0) << testing::PrintToString(arguments) << outcome.out << outcome.err;
    }

    static std::unique_ptr<TemporaryDirectory> directory_;
    static std::string prefix_, embed_, embed_c_;
};

std::unique_ptr<TemporaryDirectory> Install::directory_;
std::string Install::prefix_, Install::embed_, Install::embed_c_;

TEST_F(Install, TheSmallestAppClassifies) {
    const Outcome app = run({embed_, model, bag});
    EXPECT_EQ(app.status, 0) << app.err;
    EXPECT_EQ(app.err, "");
    EXPECT_THAT(app.out, testing::MatchesRegex("Bag [0-9.]+ %\n"));
    const Outcome in_c = run({embed_c_, model, bag});
    EXPECT_EQ(in_c.status, 0) << in_c.err;
    EXPECT_EQ(in_c.err, "");
    EXPECT_EQ(in_c.out, app.out);
    // The command, which was installed with it, agrees.
    const Outcome command = run({prefix_ + "/bin/vit", "classify", model, bag, "--top-k", "1"});
    EXPECT_EQ(command.status, 0) << command.err;
    const std::string percent = app.out.substr(4, app.out.size() - 5);
    EXPECT_THAT(command.out, testing::ContainsRegex("  Bag +" + percent + "  "));
}

TEST_F(Install, TheSmallestAppSaysWhatIsWrong) {
    EXPECT_EQ(run({embed_}).status, 2);
    EXPECT_EQ(run({embed_c_}).status, 2);
    for (const auto &[arguments, named] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{embed_, model + "/missing", bag}, model + "/missing"},
             {{embed_, model, model + "/missing.png"}, model + "/missing.png"},
             {{embed_, model, model + "/config.json"}, model + "/config.json"}}) {
        const Outcome app = run(arguments);
        EXPECT_EQ(app.status, 1);
        EXPECT_EQ(app.out, "");
        EXPECT_THAT(app.err, HasSubstr(named));
        const Outcome in_c = run({embed_c_, arguments[1], arguments[2]});
        EXPECT_EQ(in_c.status, 1);
        EXPECT_EQ(in_c.out, "");
        EXPECT_EQ(in_c.err, app.err);
    }
}

TEST_F(Install, OnlyThePublicHeadersAreInstalled) {
    std::vector<std::string> headers;
    for (const auto &entry : fs::recursive_directory_iterator(prefix_ + "/include")) {
        if (entry.is_regular_file()) headers.push_back(fs::relative(entry.path(), prefix_).string());
    }
    EXPECT_THAT(headers, testing::UnorderedElementsAre("include/vit/vit.h", "include/vit/vit.c.h",
                                                       "include/vit/fields.h", "include/vit/version.h"));
}

}  // namespace

}  // namespace vit::test
