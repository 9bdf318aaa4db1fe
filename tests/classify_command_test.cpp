// `vit classify`, run as people and programs run it.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/csv.h"
#include "tests/support/hf_vit_writer.h"
#include "tests/support/npy.h"
#include "tests/support/run_command.h"
#include "tests/support/source_directory.h"

namespace vit::test {

namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;
using Strings = std::vector<std::string>;

const Strings labels = {"plain", "a, \"b\"", "two\nlines", "\x1b[31mred\xc2\x9b", "na\xc3\xafve"};
const std::string bundled = source_directory() + "/models/fashion-mnist";

// A small model with awkward labels, and a directory for pictures and dumps.
class ClassifyCommand : public testing::Test {
protected:
    static void SetUpTestSuite() {
        model_ = std::make_unique<TemporaryDirectory>();
        Architecture a;
        a.image_height = a.image_width = 16;
        a.patch_height = a.patch_width = 8;
        a.width = 16;
        a.depth = 1;
        a.heads = 2;
        a.mlp_width = 32;
        a.labels = static_cast<int>(labels.size());
        Random random;
        HfVit checkpoint = hf_vit(a, random);
        for (int i = 0; i < a.labels; i++) checkpoint.config["id2label"][std::to_string(i)] = labels[i];
        checkpoint.write(*model_);
    }
    static void TearDownTestSuite() { model_.reset(); }

    // A picture of one colour, or another for another seed.
    static std::string picture(int seed) {
        std::string ppm = "P6 20 10 255\n";
        for (int i = 0; i < 200; i++) {
            for (int c = 0; c < 3; c++) ppm += static_cast<char>((seed * 37 + i * (c + seed % 5)) & 255);
        }
        return ppm;
    }
    std::string write_picture(const std::string &name, int seed) const {
        files_.write(name, picture(seed));
        return files_.file(name);
    }
    Strings write_pictures(int count) const {
        Strings paths;
        for (int i = 0; i < count; i++) paths.push_back(write_picture("p" + std::to_string(i) + ".ppm", i));
        return paths;
    }

    Outcome classify(const Strings &arguments, const std::string &input = {}) const {
        Strings all = {"classify", model_->path()};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return vit_command(all, input);
    }
    static Strings joined(Strings a, const Strings &b) {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    }
    static std::vector<Json> json_lines(const std::string &text) {
        std::vector<Json> lines;
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
        return lines;
    }
    static Strings files_of(const std::vector<Json> &lines) {
        Strings files;
        for (const Json &line : lines) files.push_back(line.at("file"));
        return files;
    }
    Strings names_in_directory() const {
        Strings names;
        for (const auto &entry : std::filesystem::directory_iterator(files_.path())) {
            names.push_back(entry.path().filename().string());
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    static std::unique_ptr<TemporaryDirectory> model_;
    TemporaryDirectory files_;
};

std::unique_ptr<TemporaryDirectory> ClassifyCommand::model_;

TEST_F(ClassifyCommand, TextNamesFileLabelAndTime) {
    const std::string bag = bundled + "/images/bag.png";
    const Outcome one = vit_command({"classify", bundled, bag, "--top-k", "1"});
    EXPECT_EQ(one.status, 0) << one.err;
    EXPECT_THAT(one.out, testing::MatchesRegex(".*/bag\\.png  Bag +[0-9.]+ % +[0-9.]+ ms\n"));
    EXPECT_EQ(one.err, "");
    const Outcome two = vit_command({"classify", bundled, bag, "--top-k", "2"});
    EXPECT_THAT(two.out, testing::MatchesRegex(".*/bag\\.png  [0-9.]+ ms\n"
                                               "    Bag +[0-9.]+ %\n    [^\n]+ +[0-9.]+ %\n"));
}

TEST_F(ClassifyCommand, JsonHasTheDocumentedMembersAndNoOthers) {
    const Outcome outcome = classify({write_picture("p.ppm", 1), "--format", "json", "--top-k", "5"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].size(), 3u);
    EXPECT_EQ(lines[0].at("file"), files_.file("p.ppm"));
    EXPECT_GE(lines[0].at("ms").get<double>(), 0);
    const Json &predictions = lines[0].at("predictions");
    ASSERT_EQ(predictions.size(), labels.size());
    double sum = 0, previous = 1;
    for (const Json &prediction : predictions) {
        EXPECT_EQ(prediction.size(), 3u);
        EXPECT_EQ(prediction.at("label"), labels.at(prediction.at("index").get<std::size_t>()));
        const double score = prediction.at("score");
        EXPECT_LE(score, previous);
        previous = score;
        sum += score;
    }
    // Five float32 probabilities, each with a relative error of a few units of roundoff.
    EXPECT_NEAR(sum, 1, 5 * 8 * std::numeric_limits<float>::epsilon());
}

TEST_F(ClassifyCommand, CsvSaysWhatJsonSays) {
    const Strings paths = {write_picture("a,\"b\".ppm", 1), write_picture("p.ppm", 2)};
    const Outcome csv = classify(joined(paths, {"--format", "csv"}));
    const Outcome json = classify(joined(paths, {"--format", "json"}));
    ASSERT_EQ(csv.status, 0) << csv.err;
    const auto rows = parse_csv(csv.out);
    ASSERT_EQ(rows.size(), 1 + 2 * labels.size());
    EXPECT_THAT(rows[0], ElementsAre("file", "rank", "index", "label", "score", "ms", "error"));
    std::size_t row = 1;
    for (const Json &line : json_lines(json.out)) {
        std::size_t rank = 1;
        for (const Json &prediction : line.at("predictions")) {
            const auto &fields = rows[row++];
            ASSERT_EQ(fields.size(), 7u);
            EXPECT_EQ(fields[0], line.at("file"));
            EXPECT_EQ(fields[1], std::to_string(rank++));
            EXPECT_EQ(fields[2], std::to_string(prediction.at("index").get<int>()));
            const std::string label = prediction.at("label");
            EXPECT_EQ(fields[3], label == labels[3] ? "\\x1b[31mred\\xc2\\x9b" : label);
            EXPECT_EQ(std::stof(fields[4]), prediction.at("score").get<float>());
            EXPECT_GE(std::stod(fields[5]), 0);
            EXPECT_EQ(fields[6], "");
        }
    }
}

TEST_F(ClassifyCommand, AnswersComeInInputOrderWhateverTheBatch) {
    const Strings paths = write_pictures(11);
    std::vector<Strings> answers;
    for (const char *batch : {"1", "2", "4", "11", "12", "4096"}) {
        const Outcome outcome = classify(joined(paths, {"--format", "json", "--batch", batch}));
        ASSERT_EQ(outcome.status, 0) << outcome.err;
        const auto lines = json_lines(outcome.out);
        EXPECT_EQ(files_of(lines), paths) << batch;
        Strings best;
        for (const Json &line : lines) best.push_back(line.at("predictions").at(0).at("label"));
        answers.push_back(best);
    }
    for (const Strings &answer : answers) EXPECT_EQ(answer, answers[0]);
}

TEST_F(ClassifyCommand, AFileThatCannotBeReadIsReportedInItsPlace) {
    Strings paths = write_pictures(5);
    files_.write("p2.ppm", "this is text");
    paths.insert(paths.begin() + 4, files_.file("missing.png"));
    const std::string dump = files_.file("logits.npy");
    const Strings options = {"--format", "json", "--batch", "3", "--dump-logits", dump};
    const Outcome json = classify(joined(paths, options));
    EXPECT_EQ(json.status, 1);
    EXPECT_EQ(json.err, "");
    const auto lines = json_lines(json.out);
    EXPECT_EQ(files_of(lines), paths);
    for (std::size_t i = 0; i < lines.size(); i++) {
        EXPECT_EQ(lines[i].contains("error"), i == 2 || i == 4) << lines[i];
        EXPECT_EQ(lines[i].contains("predictions"), i != 2 && i != 4) << lines[i];
        EXPECT_THAT(lines[i].value("error", paths[i]), HasSubstr(paths[i]));
    }
    EXPECT_THAT(read_npy(dump).shape, ElementsAre(4, static_cast<int>(labels.size())));

    const auto rows = parse_csv(classify(joined(paths, {"--format", "csv", "--top-k", "1"})).out);
    ASSERT_EQ(rows.size(), 7u);
    EXPECT_THAT(rows[3], ElementsAre(paths[2], "", "", "", "", "", HasSubstr("p2.ppm")));
    EXPECT_EQ(rows[4][6], "");

    const Outcome text = classify(joined(paths, {"--top-k", "1"}));
    EXPECT_EQ(text.status, 1);
    EXPECT_EQ(std::count(text.out.begin(), text.out.end(), '\n'), 4);
    EXPECT_EQ(std::count(text.err.begin(), text.err.end(), '\n'), 2) << text.err;
    EXPECT_THAT(text.err, HasSubstr("missing.png"));
}

TEST_F(ClassifyCommand, ADirectoryStandsForItsPicturesInTheOrderOfNames) {
    std::filesystem::create_directory(files_.file("d"));
    std::filesystem::create_directory(files_.file("d/e.png"));
    const Strings found = {"d/a.PPM", "d/b.ppm", "d/c.pgm.ppm"};
    const Strings left = {"d/ppm", "d/x.txt", "d/e.png/f.ppm"};
    Strings expected;
    for (const std::string &name : found) expected.push_back(write_picture(name, 1));
    for (const std::string &name : left) write_picture(name, 1);
    const std::string last = write_picture("0.ppm", 2);
    const auto lines = json_lines(classify({files_.file("d"), last, "--format", "json"}).out);
    EXPECT_EQ(files_of(lines), joined(expected, {last}));
    std::filesystem::create_directory(files_.file("empty"));
    const Outcome none = classify({files_.file("empty"), last, "--top-k", "1"});
    EXPECT_EQ(none.status, 1);
    EXPECT_THAT(none.err, HasSubstr("without picture files"));
    EXPECT_THAT(none.out, HasSubstr("0.ppm"));
}

TEST_F(ClassifyCommand, NamesComeFromStandardInput) {
    const Strings paths = write_pictures(3);
    const std::string first = write_picture("first.ppm", 7), last = write_picture("last.ppm", 8);
    const std::string list = paths[0] + "\n\n" + std::string(5000, 'x') + "\n" + paths[1] + "\nz" +
                             std::string(1, '\0') + "z\n" + paths[2];  // without a newline at its end
    const Outcome outcome = classify({first, "-", last, "--format", "json", "--batch", "2"}, list);
    EXPECT_EQ(outcome.status, 1);
    const auto lines = json_lines(outcome.out);
    EXPECT_THAT(files_of(lines),
                ElementsAre(first, paths[0], std::string(64, 'x'), paths[1], "z", paths[2], last));
    EXPECT_THAT(lines.at(2).at("error").get<std::string>(), HasSubstr("longer"));
    EXPECT_THAT(lines.at(4).at("error").get<std::string>(), HasSubstr("zero byte"));
    const Outcome nothing = classify({"-", "--format", "json"});
    EXPECT_EQ(nothing.status, 0);
    EXPECT_EQ(nothing.out, "");
}

TEST_F(ClassifyCommand, APictureComesThroughAPipe) {
    const std::string pipe = files_.file("pipe"), file = write_picture("p.ppm", 3);
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << picture(3); });
    const auto lines = json_lines(classify({pipe, file, "--format", "json"}).out);
    writer.join();
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].at("predictions"), lines[1].at("predictions"));
}

TEST_F(ClassifyCommand, DumpedInputGivesTheSameLogits) {
    const Strings paths = write_pictures(5);
    const auto dumps = [&](const std::string &i) {
        return Strings{"--dump-input", files_.file("input" + i), "--dump-logits", files_.file("logits" + i),
                       "--batch", "2", "--format", "json"};
    };
    const Outcome first = classify(joined(paths, dumps("1")));
    ASSERT_EQ(first.status, 0) << first.err;
    const Outcome again = classify(joined({"--input", files_.file("input1")}, dumps("2")));
    ASSERT_EQ(again.status, 0) << again.err;
    EXPECT_THAT(read_npy(files_.file("input1")).shape, ElementsAre(5, 3, 16, 16));
    EXPECT_THAT(read_npy(files_.file("logits1")).shape, ElementsAre(5, static_cast<int>(labels.size())));
    EXPECT_EQ(read_file(files_.file("input1")), read_file(files_.file("input2")));
    EXPECT_EQ(read_file(files_.file("logits1")), read_file(files_.file("logits2")));
    const auto before = json_lines(first.out), after = json_lines(again.out);
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); i++) {
        EXPECT_EQ(before[i].at("predictions"), after[i].at("predictions"));
        EXPECT_EQ(after[i].at("file"), files_.file("input1") + "[" + std::to_string(i) + "]");
    }
}

TEST_F(ClassifyCommand, AnInputThatDoesNotFitIsRefused) {
    classify({write_picture("p.ppm", 1), "--dump-input", files_.file("good.npy")});
    const std::string good = read_file(files_.file("good.npy"));
    std::string wide = good, nan = good;
    wide.replace(wide.find("16, 16"), 6, "8, 32 ");
    nan.replace(nan.size() - 4, 4, std::string("\x00\x00\xc0\x7f", 4));
    files_.write("wide.npy", wide);
    files_.write("nan.npy", nan);
    files_.write("short.npy", good.substr(0, good.size() - 1));
    files_.write("text.npy", "text");
    const std::vector<Strings> cases = {
        {"wide.npy", "[1, 3, 8, 32]"},
        {"nan.npy", "not finite"},
        {"short.npy", "3071 bytes"},
        {"text.npy", "not an array"},
        {"missing.npy", "cannot be opened"},
    };
    for (const Strings &c : cases) {
        const Outcome outcome = classify({"--input", files_.file(c[0])});
        EXPECT_EQ(outcome.status, 1);
        EXPECT_EQ(outcome.out, "");
        EXPECT_THAT(outcome.err, testing::AllOf(HasSubstr(c[0]), HasSubstr(c[1])));
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    }
}

TEST_F(ClassifyCommand, ADumpIsWrittenWholeOrNotAtAll) {
    const std::string picture = write_picture("p.ppm", 1);
    for (const std::string &path : {files_.file("missing/x.npy"), files_.path(), std::string("/dev/full")}) {
        const Outcome outcome = classify({picture, "--dump-logits", path});
        EXPECT_EQ(outcome.status, 1);
        EXPECT_EQ(outcome.out, "");
        EXPECT_THAT(outcome.err, testing::AllOf(HasSubstr(path), HasSubstr("cannot be written")));
    }
    // The second item cannot be used: what stood at the place of the dump is still there, and nothing else.
    classify({picture, write_picture("q.ppm", 2), "--dump-input", files_.file("two.npy")});
    std::string two = read_file(files_.file("two.npy"));
    two.replace(two.size() - 4, 4, std::string("\x00\x00\x80\x7f", 4));  // infinity
    files_.write("two.npy", two);
    files_.write("old.npy", "old");
    const Outcome outcome = classify({"--input", files_.file("two.npy"), "--batch", "1", "--format", "json",
                                      "--dump-logits", files_.file("old.npy")});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(json_lines(outcome.out).size(), 1u);
    EXPECT_EQ(read_file(files_.file("old.npy")), "old");
    EXPECT_THAT(names_in_directory(), ElementsAre("old.npy", "p.ppm", "q.ppm", "two.npy"));
}

TEST_F(ClassifyCommand, ADumpReplacesWhatALinkPointsTo) {
    files_.write("target.npy", "old");
    std::filesystem::create_symlink("target.npy", files_.file("link.npy"));
    classify({write_picture("p.ppm", 1), "--dump-logits", files_.file("link.npy")});
    EXPECT_TRUE(std::filesystem::is_symlink(files_.file("link.npy")));
    EXPECT_EQ(read_npy(files_.file("target.npy")).shape.at(0), 1);
}

TEST_F(ClassifyCommand, NamesThatAreNotUtf8StayUsable) {
    const std::string path = write_picture("\xff\xc3.ppm", 1);
    const auto lines = json_lines(classify({path, "--format", "json"}).out);
    EXPECT_THAT(lines.at(0).at("file").get<std::string>(), EndsWith("/\xef\xbf\xbd\xef\xbf\xbd.ppm"));
    EXPECT_EQ(parse_csv(classify({path, "--format", "csv"}).out).at(1).at(0), path);
    EXPECT_THAT(classify({path}).out, HasSubstr("\\xff\\xc3.ppm"));
    const auto missing = json_lines(classify({files_.file("\xfe.ppm"), "--format", "json"}).out);
    EXPECT_TRUE(missing.at(0).contains("error"));
}

TEST_F(ClassifyCommand, TextCannotSteerATerminal) {
    const std::string missing = files_.file("\x1b]0;title\x07.ppm");
    const Outcome outcome = classify({write_picture("\x1b[2J\r.ppm", 1), missing});
    EXPECT_THAT(outcome.out, HasSubstr("\\x1b[31mred\\xc2\\x9b"));
    EXPECT_THAT(outcome.out, HasSubstr("\\x1b[2J\\x0d.ppm"));
    EXPECT_THAT(outcome.out, HasSubstr("na\xc3\xafve"));
    for (const char c : outcome.out + outcome.err) {
        EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << static_cast<int>(c);
    }
    EXPECT_THAT(outcome.out, Not(HasSubstr("\xc2\x9b")));
}

// The same values in JSON, which has another spelling for such characters; CSV has none.
TEST_F(ClassifyCommand, JsonAndCsvCannotSteerATerminal) {
    const std::string path = write_picture("\x1b[2J\r\x7f\xc2\x9b\xe2\x80\xae.ppm", 1);
    const std::string json = classify({path, "--format", "json"}).out;
    const std::string csv = classify({path, "--format", "csv"}).out;
    const std::string info = vit_command({"info", model_->path(), "--format", "json"}).out;
    for (const std::string &out : {json, csv, info}) {
        for (const char c : out) {
            EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f))
                << static_cast<int>(c);
        }
        EXPECT_THAT(out, Not(HasSubstr("\xc2\x9b")));
        EXPECT_THAT(out, Not(HasSubstr("\xe2\x80\xae")));
    }
    EXPECT_EQ(json_lines(json).at(0).at("file"), path);
    EXPECT_THAT(csv, HasSubstr("\\x1b[2J\\x0d\\x7f\\xc2\\x9b\\xe2\\x80\\xae.ppm"));
}

TEST_F(ClassifyCommand, ASpreadsheetFindsNoFormulaInCsv) {
    for (const char first : {'=', '+', '-', '@'}) {
        const std::string name = first + std::string("1+1.ppm");
        Strings command = {"sh", "-c", "cd '" + files_.path() + "' && exec \"$@\"", "sh"};
        for (const std::string &word : vit_command()) command.push_back(word);
        const Outcome outcome =
            run(joined(command, {"classify", model_->path(), "--format", "csv", "--", name}));
        EXPECT_EQ(outcome.status, 1);
        EXPECT_EQ(parse_csv(outcome.out).at(1).at(0), "'" + name);
        EXPECT_EQ(parse_csv(outcome.out).at(1).at(6).substr(0, 2), std::string("'") + first);
    }
}

// The shell holds the list of names open: only the failed write can end the command.
TEST_F(ClassifyCommand, AFailedWriteEndsItWhileMoreNamesMayCome) {
    const std::string picture = write_picture("p.ppm", 1), names = files_.file("names");
    std::string command;
    for (const std::string &word : vit_command()) command += "'" + word + "' ";
    // CSV begins with a line before there is a name.
    for (const char *format : {"text", "csv"}) {
        const std::string script = "rm -f '" + names + "' && mkfifo '" + names + "' && exec 3<>'" + names +
                                   "' && echo '" + picture + "' >&3 && " + command + "classify '" +
                                   model_->path() + "' - --batch 1 --format " + format + " <'" + names +
                                   "' >/dev/full";
        const Outcome outcome = run({"timeout", "60", "sh", "-c", script});
        EXPECT_EQ(outcome.status, 1) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr("standard output cannot be written"));
    }
}

TEST_F(ClassifyCommand, MoreLabelsThanThereAreIsAllOfThem) {
    const std::string picture = write_picture("p.ppm", 1);
    const auto lines = json_lines(classify({picture, "--format", "json", "--top-k", "1000"}).out);
    EXPECT_EQ(lines.at(0).at("predictions").size(), labels.size());
}

TEST_F(ClassifyCommand, OutputThatCannotBeWrittenIsAnError) {
    const Strings arguments =
        joined(vit_command(), {"classify", model_->path(), write_picture("p.ppm", 1)});
    EXPECT_EQ(run_between(arguments, "/dev/null", "/dev/full", files_.file("err")), 1);
    EXPECT_THAT(read_file(files_.file("err")), HasSubstr("standard output cannot be written"));

    // A pipe whose reader goes away once the command has opened it.
    const std::string pipe = files_.file("pipe"), many = files_.file("many");
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    std::string list;
    for (int i = 0; i < 2000; i++) list += arguments.back() + "\n";
    files_.write("many", list);
    std::thread reader([&] { close(open(pipe.c_str(), O_RDONLY)); });
    const Strings with_list = joined(vit_command(), {"classify", model_->path(), "-"});
    EXPECT_EQ(run_between(with_list, many, pipe, files_.file("err")), 1);
    reader.join();
    EXPECT_THAT(read_file(files_.file("err")), HasSubstr("Broken pipe"));
}

TEST_F(ClassifyCommand, ABarShowsOnATerminalAndGoesAway) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_GE(terminal, 0);
    ASSERT_EQ(grantpt(terminal), 0);
    ASSERT_EQ(unlockpt(terminal), 0);
    const std::string name = ptsname(terminal);
    // Open until the end: what was written would go with its last writer.
    const int kept_open = open(name.c_str(), O_RDWR | O_NOCTTY);
    ASSERT_GE(kept_open, 0);
    setenv("TERM", "xterm", 1);
    const auto shown = [&](const Strings &pictures) {
        const Strings arguments =
            joined(vit_command(), {"classify", model_->path(), "--format", "json"});
        run_between(joined(arguments, pictures), "/dev/null", files_.file("out"), name);
        // What was written arrives in pieces, the last of them after the writer has ended.
        std::string text;
        pollfd arriving{terminal, POLLIN, 0};
        while (poll(&arriving, 1, 300) == 1) {
            char piece[4096];
            const ssize_t length = read(terminal, piece, sizeof(piece));
            if (length <= 0) break;
            text.append(piece, static_cast<std::size_t>(length));
        }
        return text;
    };
    Strings pictures = write_pictures(6);
    // The terminal ends lines with "\r\n".
    const std::string bar = shown(pictures), bar_and_end = "\r\x1b[K6 pictures, [0-9.]+ pictures/s";
    EXPECT_THAT(bar, testing::ContainsRegex("\\] 3/6  [0-9.]+ pictures/s  0:[0-9][0-9] left"));
    EXPECT_THAT(bar, testing::ContainsRegex("\\] 6/6  [0-9.]+ pictures/s" + bar_and_end + "\r\n$"));
    EXPECT_EQ(shown({pictures[0], pictures[1]}), "");
    pictures[1] = files_.file("missing.ppm");
    EXPECT_THAT(shown(pictures), testing::ContainsRegex(bar_and_end + ", 1 failed\r\n$"));
    setenv("TERM", "dumb", 1);
    EXPECT_THAT(shown(pictures), testing::MatchesRegex("6 pictures, [0-9.]+ pictures/s, 1 failed\r\n"));
    close(kept_open);
    close(terminal);
}

}  // namespace

}  // namespace vit::test
