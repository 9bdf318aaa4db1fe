// The autotuner: its journal, its file, and whole runs of it on one small stage.
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/autotune/journal.h"
#include "apps/autotune/kernel.h"
#include "apps/autotune/report.h"
#include "apps/autotune/tuned_file.h"
#include "apps/autotune/tuner.h"
#include "generators/bounds.h"
#include "generators/layer_norm.h"
#include "schedules/layer_norm.h"
#include "schedules/machine.h"
#include "tests/cases/kernel_list.h"
#include "tests/support/temporary_directory.h"

namespace vit::test {

// Layer normalization that forgets beta: no slower than the true one.
class WrongLayerNorm : public Halide::Generator<WrongLayerNorm> {
public:
    LayoutParams layout;
    LayerNormTuning tuning;
    Input<Buffer<float, 4>> x{"x"};
    Input<Buffer<float, 1>> gamma{"gamma"}, beta{"beta"};
    Input<int> channels{"channels"};
    Input<float> epsilon{"epsilon"};
    Output<Buffer<float, 4>> normalized{"normalized"};

    void generate() {
        Halide::Var c;
        Halide::Func no_beta("no_beta");
        no_beta(c) = 0.0f * beta(c);
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(x, gamma, no_beta, channels, x.dim(2).extent(), epsilon, blocks);
        normalized = stage->normalized;
        bound_tiles(x, blocks);
        bound_tiles(normalized, blocks);
    }
    void schedule() { vit::schedule(*stage, get_pipeline(), tuning, get_target()); }

private:
    std::optional<LayerNorm> stage;
};

}  // namespace vit::test

HALIDE_REGISTER_GENERATOR(vit::test::WrongLayerNorm, wrong_layer_norm)

namespace vit::test {
namespace {

using namespace autotune;
using testing::HasSubstr;

std::string content(const std::filesystem::path &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The journal.

TEST(JournalTest, results_are_found_again) {
    const TemporaryDirectory directory;
    const std::filesystem::path path = std::filesystem::path(directory.path()) / "deeper" / "journal.jsonl";
    const Journal::Key key{"head", "try", "a=1", 3};
    {
        Journal journal(path, {{"threads", 1}});
        EXPECT_EQ(journal.find(key), nullptr);
        journal.add(key, {{"ms", 1.5}});
        EXPECT_THROW(Journal(path, {{"threads", 1}}), std::runtime_error) << "two writers";
    }
    Journal journal(path, {{"threads", 1}});
    ASSERT_NE(journal.find(key), nullptr);
    EXPECT_EQ(journal.find(key)->at("ms"), 1.5);
    EXPECT_EQ(journal.find({"head", "try", "a=1", 4}), nullptr);
    EXPECT_EQ(journal.resumed(), 1);
}

TEST(JournalTest, other_circumstances_do_not_count) {
    const TemporaryDirectory directory;
    const std::filesystem::path path = std::filesystem::path(directory.path()) / "journal.jsonl";
    Journal(path, {{"threads", 1}}).add({"head", "try", "a=1", 0}, {{"ms", 1.5}});
    EXPECT_EQ(Journal(path, {{"threads", 2}}).find({"head", "try", "a=1", 0}), nullptr);
    EXPECT_NE(Journal(path, {{"threads", 1}}).find({"head", "try", "a=1", 0}), nullptr);
}

TEST(JournalTest, a_line_that_is_cut_off_is_ignored) {
    const TemporaryDirectory directory;
    const std::filesystem::path path = std::filesystem::path(directory.path()) / "journal.jsonl";
    {
        Journal journal(path, {});
        journal.add({"head", "try", "a=1", 0}, {{"ms", 1.5}});
        journal.add({"head", "try", "a=1", 1}, {{"ms", 2.5}});
    }
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 9);
    {
        Journal journal(path, {});
        EXPECT_NE(journal.find({"head", "try", "a=1", 0}), nullptr);
        EXPECT_EQ(journal.find({"head", "try", "a=1", 1}), nullptr);
        journal.add({"head", "try", "a=1", 1}, {{"ms", 3.5}});
    }
    Journal journal(path, {});
    ASSERT_NE(journal.find({"head", "try", "a=1", 1}), nullptr) << "the line after the cut was lost";
    EXPECT_EQ(journal.find({"head", "try", "a=1", 1})->at("ms"), 3.5);
}

TEST(JournalTest, a_closed_stage_starts_afresh) {
    const TemporaryDirectory directory;
    const std::filesystem::path path = std::filesystem::path(directory.path()) / "journal.jsonl";
    {
        Journal journal(path, {});
        journal.add({"head", "try", "a=1", 0}, {{"ms", 1.5}});
        journal.add({"attention", "try", "a=1", 0}, {{"ms", 2.5}});
        journal.close("head");
        EXPECT_EQ(journal.find({"head", "try", "a=1", 0}), nullptr);
    }
    Journal journal(path, {});
    EXPECT_EQ(journal.find({"head", "try", "a=1", 0}), nullptr);
    EXPECT_NE(journal.find({"attention", "try", "a=1", 0}), nullptr);
}

// The tuned file.

TEST(TunedFileTest, what_is_not_set_is_kept) {
    const TemporaryDirectory directory;
    const std::filesystem::path path = std::filesystem::path(directory.path()) / "tuned.json";
    TunedFile file = TunedFile::read(path);
    EXPECT_TRUE(file.values("head").empty());
    file.target = "x86-64-linux";
    file.halide = "21.0.0";
    file.set("linear/qkv", {{"k_unroll", 4}, {"panels_per_task", 2}}, {{"shape", "vit-b16"}});
    file.set("head", {{"panels_per_task", 3}}, {});
    file.write(path);
    const std::string first = content(path);
    TunedFile again = TunedFile::read(path);
    EXPECT_EQ(again.values("linear/qkv"), (Values{{"k_unroll", 4}, {"panels_per_task", 2}}));
    again.write(path);
    EXPECT_EQ(content(path), first) << "read and written, nothing changed";
    again.set("head", {{"panels_per_task", 5}}, {});
    again.write(path);
    EXPECT_EQ(TunedFile::read(path).values("head"), (Values{{"panels_per_task", 5}}));
    EXPECT_EQ(TunedFile::read(path).values("linear/qkv"), (Values{{"k_unroll", 4}, {"panels_per_task", 2}}));
}

TEST(TunedFileTest, a_broken_file_is_named) {
    const TemporaryDirectory directory;
    const std::filesystem::path path = std::filesystem::path(directory.path()) / "tuned.json";
    for (const char *text : {"{", "[]", "{}", R"({"stages": {"head": {}}})",
                             R"({"stages": {"head": {"values": {"a": "b"}}}})"}) {
        std::ofstream(path) << text;
        try {
            TunedFile::read(path);
            ADD_FAILURE() << "no error for " << text;
        } catch (const std::runtime_error &error) {
            EXPECT_THAT(error.what(), HasSubstr("tuned.json")) << text;
        }
    }
}

TEST(ReportTest, times_of_the_budget) {
    EXPECT_EQ(seconds_of("10m"), 600);
    EXPECT_EQ(seconds_of("90s"), 90);
    EXPECT_EQ(seconds_of("1h30m"), 5400);
    EXPECT_EQ(seconds_of("45"), 45);
    for (const char *text : {"", "m", "10x", "-3s", "0", "nan", "inf"})
        EXPECT_THROW(seconds_of(text), std::runtime_error) << text;
}

// Whole runs. How long anything takes decides nothing that is expected here.

class TunerTest : public testing::Test {
protected:
    TunerTest() {
        Architecture a;
        a.name = "small";
        a.image_width = a.image_height = 112;
        a.width = 64;
        a.depth = 2;
        a.heads = 2;
        a.mlp_width = 128;
        a.labels = 10;
        options_.stages = {"layer_norm"};
        options_.shape = {a, 1};
        options_.threads = 2;
        options_.budget_seconds = 1;
        options_.processor_time = [] { return command::ProcessorTime{}; };  // nobody else
        options_.output = std::filesystem::path(directory_.path()) / "tuned.json";
        options_.journal_directory = std::filesystem::path(directory_.path()) / "journal";
    }

    // The tries and checks that are in the journal, without what closes a stage.
    std::vector<nlohmann::json> measurements() const {
        std::vector<nlohmann::json> all;
        std::ifstream file(journal_path(options_));
        for (std::string line; std::getline(file, line);) {
            const nlohmann::json record = nlohmann::json::parse(line);
            if (record.contains("result")) all.push_back(record);
        }
        return all;
    }
    void expect_no_measurement_twice() const {
        std::set<std::string> seen;
        for (const nlohmann::json &m : measurements()) {
            const std::string key =
                m["stage"].dump() + m["kind"].dump() + m["candidate"].dump() + m["index"].dump();
            EXPECT_TRUE(seen.insert(key).second) << key << " was measured twice";
        }
        EXPECT_GT(seen.size(), 0u);
    }
    // As if the process had been killed before the result was written.
    void reopen_journal() const {
        std::ostringstream open;
        std::ifstream file(journal_path(options_));
        for (std::string line; std::getline(file, line);) {
            if (line.find("\"closed\"") == std::string::npos) open << line << '\n';
        }
        file.close();
        std::ofstream(journal_path(options_)) << open.str();
    }

    TemporaryDirectory directory_;
    Options options_;
};

TEST_F(TunerTest, a_wrong_candidate_is_rejected_and_named_and_not_timed) {
    options_.more["layer_norm"] = {{Values{{"tiles_per_task", 4}}, "wrong_layer_norm"}};
    const Summary summary = tune(options_, {});
    ASSERT_EQ(summary.stages.size(), 1u);
    const StageResult &result = summary.stages[0];
    ASSERT_EQ(result.rejected.size(), 1u);
    EXPECT_THAT(result.rejected[0].candidate, HasSubstr("wrong_layer_norm"));
    EXPECT_THAT(result.rejected[0].reason, HasSubstr("are wrong, the worst"));
    EXPECT_THAT(sentence_of(result), HasSubstr("rejected: wrong_layer_norm"));
    bool checked = false;
    for (const nlohmann::json &m : measurements()) {
        if (m["candidate"].get<std::string>().find("wrong") == std::string::npos) continue;
        EXPECT_EQ(m["kind"], "check");
        checked = true;
    }
    EXPECT_TRUE(checked);
}

TEST_F(TunerTest, what_is_stopped_goes_on_and_repeats_nothing) {
    int left = 12;
    Callbacks impatient;
    impatient.stop = [&] { return left-- <= 0; };
    EXPECT_THROW(tune(options_, impatient), Stopped);
    EXPECT_FALSE(std::filesystem::exists(options_.output));
    const std::size_t before = measurements().size();
    EXPECT_GT(before, 2u);
    const Summary summary = tune(options_, {});
    EXPECT_EQ(summary.resumed, static_cast<int>(before));
    EXPECT_EQ(measurements().size(), before + summary.measured);
    expect_no_measurement_twice();
    EXPECT_TRUE(std::filesystem::exists(options_.output));
}

TEST_F(TunerTest, the_same_measurements_give_the_same_file) {
    tune(options_, {});
    const std::string first = content(options_.output);
    reopen_journal();
    std::filesystem::remove(options_.output);
    const Summary again = tune(options_, {});
    EXPECT_EQ(again.measured, 0);
    EXPECT_EQ(content(options_.output), first);
}

TEST_F(TunerTest, a_busy_machine_decides_nothing) {
    std::ofstream(options_.output)
        << R"({"target": "t", "stages": {"layer_norm": {"values": {"tiles_per_task": 256}}}})";
    const std::string before = content(options_.output);
    // All processors work for others between any two looks.
    options_.processor_time = [seconds = 0.0]() mutable {
        seconds++;
        return command::ProcessorTime{seconds, seconds * command::processors(), 0};
    };
    const Summary summary = tune(options_, {});
    const StageResult &result = summary.stages[0];
    EXPECT_FALSE(result.trusted);
    EXPECT_GT(result.others, 0.5);
    EXPECT_EQ(result.new_values, (Values{{"tiles_per_task", 256}}));
    EXPECT_EQ(content(options_.output), before);
    EXPECT_THAT(sentence_of(result), HasSubstr("the values in use stay"));
    EXPECT_THAT(table_of(summary.stages), HasSubstr("others"));
    for (const nlohmann::json &m : measurements()) {
        if (m["kind"] == "try") {
            EXPECT_EQ(m["result"]["others"], command::processors());
        }
    }
}

TEST(ProcessorTimeTest, what_this_process_computes_is_not_of_others) {
    const command::ProcessorTime before{0, 100, 10}, after{2, 104, 13};
    EXPECT_EQ(command::others_between(before, after), 1);
    const command::ProcessorTime start = command::processor_time();
    command::ProcessorTime now = start;
    while (now.own < start.own + 0.1) now = command::processor_time();
    // A tick of each processor may be missing on either side.
    EXPECT_GE(now.all, start.all + 0.1 - 0.02 * command::processors());
}

TEST_F(TunerTest, other_stages_are_kept) {
    std::ofstream(options_.output)
        << R"({"target": "t", "halide": "h", "stages": {"head": {"values": {"panels_per_task": 3}}}})";
    tune(options_, {});
    const TunedFile file = TunedFile::read(options_.output);
    EXPECT_EQ(file.values("head"), (Values{{"panels_per_task", 3}}));
    EXPECT_EQ(file.values("layer_norm").size(), 1u);
    EXPECT_EQ(file.target, options_.target.to_string());
}

TEST_F(TunerTest, the_file_in_use_is_taken_over_and_left_as_it_is) {
    options_.incumbents = std::filesystem::path(directory_.path()) / "in_use.json";
    std::ofstream(options_.incumbents)
        << R"({"target": "t", "halide": "h", "stages": {"head": {"values": {"panels_per_task": 3}}}})";
    const std::string before = content(options_.incumbents);
    tune(options_, {});
    EXPECT_EQ(content(options_.incumbents), before);
    const TunedFile file = TunedFile::read(options_.output);
    EXPECT_EQ(file.values("head"), (Values{{"panels_per_task", 3}}));
    EXPECT_EQ(file.values("layer_norm").size(), 1u);
}

TEST_F(TunerTest, values_that_do_not_fit_give_way_to_the_defaults) {
    std::ofstream(options_.output) << R"({"stages": {"layer_norm": {"values": {"tiles_per_task": 0}}}})";
    const Summary summary = tune(options_, {});
    EXPECT_THAT(summary.stages[0].note, HasSubstr("tiles_per_task is 0"));
    EXPECT_EQ(summary.stages[0].old_values, (Values{{"tiles_per_task", 4}}));
    EXPECT_GE(TunedFile::read(options_.output).values("layer_norm").at("tiles_per_task"), 1);
}

TEST(StagesTest, a_name_stands_for_a_stage_or_for_all_that_it_begins) {
    const auto names = [](const std::vector<std::string> &asked, bool on_device = false) {
        std::vector<std::string> found;
        for (const Stage *stage : stages_named(asked, on_device)) found.push_back(stage->name);
        return found;
    };
    using testing::ElementsAre;
    EXPECT_THAT(names({"linear"}), ElementsAre("linear/qkv", "linear/proj", "linear/fc1", "linear/fc2"));
    EXPECT_THAT(names({"head", "linear/fc1", "head"}), ElementsAre("linear/fc1", "head"));
    EXPECT_THAT(names({"linear/fc1"}, true), ElementsAre("linear/fc1")) << "and not linear/fc1/few";
    EXPECT_EQ(names({}).size(), stages().size());
    for (const char *unknown : {"linea", "linear/", "linear/qk", ""})
        EXPECT_THROW(names({unknown}), std::runtime_error) << unknown;
}

TEST_F(TunerTest, an_unknown_stage_is_answered_with_the_known_ones) {
    options_.stages = {"linaer"};
    try {
        tune(options_, {});
        ADD_FAILURE() << "no error";
    } catch (const std::runtime_error &error) {
        EXPECT_THAT(error.what(), HasSubstr("linaer"));
        EXPECT_THAT(error.what(), HasSubstr("linear/qkv"));
    }
}

TEST_F(TunerTest, a_target_that_cannot_run_here_is_refused) {
    options_.target =
        Halide::Target(options_.target.arch == Halide::Target::X86 ? "arm-64-linux" : "x86-64-linux");
    EXPECT_THROW(tune(options_, {}), std::runtime_error);
}

// At sizes that fill no block: every stage's reference agrees with its default schedule, and with nothing
// else. HL_JIT_TARGET may name a target with a device.
TEST_F(TunerTest, every_stage_is_right_by_its_reference) {
    Shape shape{options_.shape.architecture, 2};
    shape.architecture.image_width = 70;
    shape.architecture.width = 36;
    shape.architecture.mlp_width = 100;
    const Halide::Target target = Halide::get_jit_target_from_environment();
    const Layout blocks = blocks_of(target, {});
    CallContext context(2);
    for (const Stage &stage : stages(target.has_gpu_feature())) {
        Problem problem = stage.problem(shape, blocks);
        if (stage.on_device) problem.device = mirror_of(target);
        const KernelRow &row = kernel_row(problem.stage->kernel());
        const Halide::Callable kernel = compile(target, row.generator, row.params);
        problem.stage->reset();
        EXPECT_NE(problem.stage->judge(), "") << stage.name << ": outputs that nobody wrote pass for right";
        for (int copy = 0; copy < problem.stage->copies(); copy++) {
            problem.stage->reset();
            if (problem.device) problem.device->host_changed();
            EXPECT_EQ(problem.call(called(kernel, &context), copy), 0) << stage.name;
            if (problem.device) problem.device->fetch();
            EXPECT_EQ(problem.stage->judge(), "") << stage.name;
        }
    }
}

}  // namespace
}  // namespace vit::test
