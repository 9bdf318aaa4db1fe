// The command `vit` as a whole: what it offers, how it refuses, and `info` and `bench`. Classifying has a
// test of its own.
#include <algorithm>
#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/run_command.h"
#include "tests/support/source_directory.h"
#include "vit/vit.h"

namespace vit::test {

namespace {

using testing::HasSubstr;
using Json = nlohmann::json;
using Strings = std::vector<std::string>;

const std::string bundled = source_directory() + "/models/fashion-mnist";

// One sentence (and where to look, if the command line was wrong) on standard error, and nothing on standard
// output.
void expect_refusal(const Strings &arguments, int status, const Strings &named) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    const Outcome outcome = vit_command(arguments);
    EXPECT_EQ(outcome.status, status);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), status == 2 ? 2 : 1) << outcome.err;
    EXPECT_EQ(outcome.err.rfind("vit: ", 0), 0u) << outcome.err;
    for (const std::string &name : named) EXPECT_THAT(outcome.err, HasSubstr(name));
}

TEST(Command, HelpListsEveryOptionAndAnExample) {
    const Outcome general = vit_command({"--help"});
    EXPECT_EQ(general.status, 0);
    for (const char *word : {"classify", "info", "bench", "pack", "--version", "Exit status"}) {
        EXPECT_THAT(general.out, HasSubstr(word));
    }
    const std::vector<std::pair<std::string, Strings>> commands = {
        {"classify",
         {"MODEL", "IMAGE", "--top-k", "--format", "text|json|csv", "--threads", "--batch", "--backend",
          "--dump-input", "--dump-logits", "--input", "--recursive", "--null", "--no-orientation",
          "white|drop", "--accept-truncated", "--max-pixels", "--max-memory", "--draft", "Example:"}},
        {"info", {"MODEL", "--format", "text|json", "--backend", "Example:"}},
        {"bench",
         {"MODEL", "--arch", "--threads", "--batch", "--image-size", "--repeat", "--format", "text|json",
          "--backend", "Example:"}},
        {"pack", {"MODEL", "--output", "--backend", "Example:"}},
    };
    for (const auto &[command, words] : commands) {
        const Outcome help = vit_command({command, "--help"});
        EXPECT_EQ(help.status, 0);
        EXPECT_EQ(help.err, "");
        EXPECT_EQ(help.out.back(), '\n');
        for (const std::string &word : words) EXPECT_THAT(help.out, HasSubstr(word)) << command;
    }
}

TEST(Command, SaysItsVersion) {
    const Outcome outcome = vit_command({"--version"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, std::string("vit ") + vit::version() + "\n");
}

TEST(Command, RefusesAWrongCommandLine) {
    expect_refusal({}, 2, {"classify, compare, info, bench or pack"});
    expect_refusal({"clasify"}, 2, {"clasify"});
    expect_refusal({"--frobnicate"}, 2, {"--frobnicate"});
    expect_refusal({"classify"}, 2, {"MODEL"});
    expect_refusal({"classify", bundled}, 2, {"--input"});
    expect_refusal({"classify", bundled, "x.png", "--input", "x.npy"}, 2, {"--input"});
    expect_refusal({"classify", bundled, "x.png", "--frobnicate"}, 2, {"--frobnicate"});
    expect_refusal({"classify", bundled, "x.png", "--top-k"}, 2, {"--top-k"});
    expect_refusal({"classify", bundled, "x.png", "--format", "xml"}, 2, {"--format", "text|json|csv"});
    for (const char *option : {"--top-k", "--batch", "--threads"}) {
        for (const char *value : {"-1", "x", "1.5", "99999999999", "", "1e3", "0x10"}) {
            expect_refusal({"classify", bundled, "x.png", option, value}, 2, {option});
        }
    }
    // As the library has it, before a model is read.
    const std::string above = std::to_string(max_threads + 1);
    expect_refusal({"bench", "none", "--threads", above}, 2, {"--threads", std::to_string(max_threads)});
    expect_refusal({"classify", bundled, "x.png", "--top-k", "0"}, 2, {"--top-k"});
    expect_refusal({"bench"}, 2, {"--arch"});
    expect_refusal({"bench", bundled, "--arch", "vit-b16"}, 2, {"--arch"});
    expect_refusal({"bench", bundled, "--image-size", "32"}, 2, {"--image-size"});
    expect_refusal({"bench", bundled, "--format", "csv"}, 2, {"text|json"});
    expect_refusal({"pack", bundled}, 2, {"--output"});
}

TEST(Command, RefusesWhatIsNoModel) {
    const TemporaryDirectory directory;
    directory.write("file", "text");
    const Strings none = {directory.file("missing"), directory.file("file"), directory.path()};
    for (const char *command : {"classify", "info", "bench"}) {
        for (const std::string &model : none) {
            Strings arguments = {command, model};
            if (arguments[0] == "classify") arguments.push_back(bundled + "/images/bag.png");
            expect_refusal(arguments, 1, {model});
        }
    }
    expect_refusal({"info", bundled, "--backend", "abacus"}, 1, {"abacus"});
    expect_refusal({"bench", "--arch", "vit-x99"}, 1, {"vit-x99"});
    // A name that steers terminals does not get through to one.
    EXPECT_EQ(vit_command({"info", "\x1b[2J"}).err.find('\x1b'), std::string::npos);
    EXPECT_EQ(vit_command({"classify", "--\x1b[2J"}).err.find('\x1b'), std::string::npos);
}

TEST(Info, DescribesACheckpoint) {
    const Outcome json = vit_command({"info", bundled, "--format", "json"});
    ASSERT_EQ(json.status, 0) << json.err;
    const Json info = Json::parse(json.out);
    EXPECT_EQ(info.at("model"), bundled);
    const Json &a = info.at("architecture");
    const Json published = Json::parse(read_file(bundled + "/config.json"));
    EXPECT_EQ(a.at("width"), published.at("hidden_size"));
    EXPECT_EQ(a.at("depth"), published.at("num_hidden_layers"));
    EXPECT_EQ(a.at("heads"), published.at("num_attention_heads"));
    EXPECT_EQ(a.at("mlp_width"), published.at("intermediate_size"));
    EXPECT_EQ(a.at("image_height"), published.at("image_size"));
    EXPECT_EQ(a.at("patch_width"), published.at("patch_size"));
    EXPECT_EQ(a.at("layer_norm_epsilon"), published.at("layer_norm_eps"));
    EXPECT_EQ(a.at("tokens"), 50);
    EXPECT_EQ(a.at("activation"), "gelu_erf");
    EXPECT_EQ(a.at("scores"), "softmax");
    EXPECT_EQ(a.at("labels"), 10);
    // Width 128, 6 blocks, mlp 384, 48 values a patch, 50 tokens, 10 labels.
    const int block = 4 * (128 * 128 + 128) + 2 * 128 * 384 + 384 + 128 + 4 * 128;
    EXPECT_EQ(a.at("parameters"), (48 + 1) * 128 + 128 + 50 * 128 + 6 * block + 2 * 128 + 10 * (128 + 1));
    EXPECT_EQ(info.at("labels").at(9), "Ankle boot");
    EXPECT_FALSE(info.at("backends").empty());

    const Outcome text = vit_command({"info", bundled});
    EXPECT_EQ(text.status, 0);
    for (const char *word : {"28 x 28", "T-shirt/top", "1,006,602", "GFLOP", "runs here"}) {
        EXPECT_THAT(text.out, HasSubstr(word));
    }
}

TEST(Info, WithoutAModelListsWhatThereIs) {
    const Outcome json = vit_command({"info", "--format", "json"});
    ASSERT_EQ(json.status, 0) << json.err;
    const Json info = Json::parse(json.out);
    EXPECT_EQ(info.at("version"), vit::version());
    Strings names;
    for (const Json &architecture : info.at("architectures")) names.push_back(architecture.at("name"));
    EXPECT_EQ(names, vit::architecture_names());
    ASSERT_EQ(info.at("backends").size(), vit::backends().size());
    for (std::size_t i = 0; i < vit::backends().size(); i++) {
        const vit::BackendInfo backend = vit::backends()[i];
        const Json expected = {{"name", backend.name},
                               {"target", backend.target},
                               {"tuned", backend.tuned},
                               {"supported", backend.supported},
                               {"reason", backend.reason},
                               {"devices", backend.devices}};
        EXPECT_EQ(info.at("backends")[i], expected);
    }
    const Outcome text = vit_command({"info"});
    for (const std::string &name : names) EXPECT_THAT(text.out, HasSubstr(name));
    for (const vit::BackendInfo &backend : vit::backends()) {
        const std::string values = backend.tuned.empty() ? "default values" : "tuned by " + backend.tuned;
        EXPECT_THAT(text.out, HasSubstr(backend.target + "\n")) << backend.name;
        EXPECT_THAT(text.out, HasSubstr(" " + values + "\n")) << backend.name;
    }
}

TEST(Bench, JsonHasTheDocumentedMembers) {
    const Outcome outcome = vit_command({"bench", "--arch", "vit-ti16", "--image-size", "32", "--batch", "2",
                                         "--threads", "1", "--repeat", "3", "--format", "json"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const Json bench = Json::parse(outcome.out);
    EXPECT_EQ(bench.at("model"), "vit-ti16");
    const std::vector<vit::BackendInfo> backends = vit::backends();
    const auto first = std::find_if(backends.begin(), backends.end(),
                                    [](const vit::BackendInfo &backend) { return backend.supported; });
    ASSERT_NE(first, backends.end());
    EXPECT_EQ(bench.at("backend"), first->name);
    EXPECT_EQ(bench.at("precision"), "f32");
    EXPECT_EQ(bench.at("threads"), 1);
    EXPECT_EQ(bench.at("batch"), 2);
    EXPECT_EQ(bench.at("image_size"), 32);
    EXPECT_EQ(bench.at("repeat"), 3);
    EXPECT_GT(bench.at("load_ms"), 0);
    EXPECT_GT(bench.at("preprocess_ms"), 0);
    const double min = bench.at("compute_ms").at("min"), median = bench.at("compute_ms").at("median");
    EXPECT_GT(min, 0);
    EXPECT_GE(median, min);
    EXPECT_GT(bench.at("peak_gflops"), 0);
    EXPECT_GT(bench.at("peak_percent"), 0);

    Architecture architecture = *vit::named_architecture("vit-ti16");
    architecture.image_height = architecture.image_width = 32;
    const double gflop = 2 * vit::flop(architecture) / 1e9;
    EXPECT_DOUBLE_EQ(bench.at("gflop"), gflop);
    // Both sides have been rounded for show, to 4 decimals of a millisecond and 3 of GFLOP/s.
    const double gflops = bench.at("gflops");
    EXPECT_NEAR(gflops * min / 1e3, gflop, 0.5e-3 * min / 1e3 + 0.5e-4 * gflops / 1e3 + 1e-12);

    std::set<std::string> names;
    double stages_gflop = 0;
    for (const Json &stage : bench.at("stages")) {
        names.insert(stage.at("name"));
        stages_gflop += stage.at("gflop").get<double>();
        EXPECT_GE(stage.at("ms"), 0);
        EXPECT_GE(stage.at("gflops"), 0);
        EXPECT_GE(stage.at("calls"), 1);
    }
    EXPECT_EQ(names.size(), bench.at("stages").size());
    for (const char *name : {"patch_embed", "attention", "head"}) EXPECT_TRUE(names.contains(name)) << name;
    EXPECT_GE(stages_gflop, gflop * (1 - 1e-12));  // pointwise work may be counted a stage, never a model
}

TEST(Bench, TextHasARowForEachStage) {
    const Outcome outcome = vit_command({"bench", bundled, "--threads", "1", "--repeat", "1"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    for (const char *word : {"fashion-mnist", "1 thread,", "load", "preprocess", "compute", "GFLOP/s",
                             "of the peak", "patch_embed", "attention", "head"}) {
        EXPECT_THAT(outcome.out, HasSubstr(word));
    }
}

}  // namespace

}  // namespace vit::test
