// Packed models: the same answers as the checkpoint, and no file that is not exactly one is ever taken for
// one.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <thread>

#include <sys/stat.h>

#include <gmock/gmock.h>

#include "runtime/checkpoint/checksum.h"
#include "runtime/checkpoint/packed_header.h"
#include "tests/support/expect_error.h"
#include "tests/support/random.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"
#include "vit/vit.h"

namespace vit::test {

namespace {

using testing::HasSubstr;

const std::string bundled = source_directory() + "/models/fashion-mnist";

std::string contents(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class PackedModel : public testing::Test {
protected:
    static void SetUpTestSuite() {
        directory_ = std::make_unique<TemporaryDirectory>();
        const auto model = Model::load(bundled);
        ASSERT_TRUE(model) << model.error().message;
        const auto saved = model->save_packed(directory_->file("packed"));
        ASSERT_TRUE(saved) << saved.error().message;
        bytes_ = contents(directory_->file("packed"));
    }
    static void TearDownTestSuite() { directory_.reset(); }

    // What loading a file with these bytes says; "" if it loads.
    static std::string refusal(const std::string &bytes) {
        directory_->write("changed", bytes);
        const auto model = Model::load(directory_->file("changed"));
        return model ? "" : model.error().message;
    }
    // The header says something else, and its checksum fits: as another program might have written it.
    static std::string replaced(const std::string &from, const std::string &to) {
        std::string bytes = bytes_;
        const std::size_t at = bytes.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        EXPECT_EQ(from.size(), to.size());
        return with_checksum(bytes.replace(at, from.size(), to));
    }
    static std::string with_checksum(std::string bytes) {
        std::uint64_t length = 0;
        std::memcpy(&length, bytes.data() + 8, 8);
        const std::uint64_t sum = checksum(bytes.data() + 24, length);
        std::memcpy(bytes.data() + 16, &sum, 8);
        return bytes;
    }

    static std::unique_ptr<TemporaryDirectory> directory_;
    static std::string bytes_;
};

std::unique_ptr<TemporaryDirectory> PackedModel::directory_;
std::string PackedModel::bytes_;

std::vector<float> logits_of(const Model &model) {
    auto session = Session::create(model);
    EXPECT_TRUE(session);
    const auto image = Image::read(bundled + "/images/bag.png");
    EXPECT_TRUE(image);
    std::vector<float> pixels(3 * 28 * 28), logits(model.architecture().labels);
    EXPECT_TRUE(session->preprocess(image->view(), pixels.data()));
    EXPECT_TRUE(session->forward(pixels.data(), 1, logits.data()));
    return logits;
}

// What can be packed can be read.
TEST(PackedHeader, OfAsManyLabelsAsThereMayBe) {
    PackedHeader header;
    header.blocks = {8, 6, 16};
    header.architecture.labels = 1 << 20;
    for (int i = 0; i < header.architecture.labels; i++) {
        header.labels.push_back("LABEL_" + std::to_string(i));
    }
    const std::string text = to_json(header).root().dump();
    const auto json = parse_json(std::as_bytes(std::span(text)), "packed");
    ASSERT_TRUE(json) << json.error().message;
    const auto read = read_packed_header(json->root(), "packed");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->labels, header.labels);
}

TEST_F(PackedModel, AnswersAsTheCheckpointDoesToTheBit) {
    const auto packed = Model::load(directory_->file("packed"));
    ASSERT_TRUE(packed) << packed.error().message;
    const auto checkpoint = Model::load(bundled);
    ASSERT_TRUE(checkpoint);
    EXPECT_EQ(logits_of(*packed), logits_of(*checkpoint));
    EXPECT_EQ(packed->label(8), "Bag");
    EXPECT_EQ(packed->architecture().name, checkpoint->architecture().name);
}

TEST_F(PackedModel, IsTheSameFileEveryTimeAndReplacesAnOldOne) {
    const auto model = Model::load(bundled);
    ASSERT_TRUE(model);
    directory_->write("again", "something else");
    ASSERT_TRUE(model->save_packed(directory_->file("again")));
    EXPECT_TRUE(contents(directory_->file("again")) == bytes_);
}

std::vector<std::string> names_in(const std::string &directory) {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(directory)) {
        names.push_back(entry.path().filename());
    }
    return names;
}

TEST_F(PackedModel, IsWrittenToWhatALinkStandsFor) {
    const TemporaryDirectory directory;
    const auto model = Model::load(bundled);
    ASSERT_TRUE(model);
    directory.write("target", "something else");
    std::filesystem::create_symlink("target", directory.file("link"));
    ASSERT_TRUE(model->save_packed(directory.file("link")));
    EXPECT_TRUE(std::filesystem::is_symlink(directory.file("link")));
    EXPECT_TRUE(contents(directory.file("target")) == bytes_);
    EXPECT_THAT(names_in(directory.path()), testing::UnorderedElementsAre("link", "target"));
}

TEST_F(PackedModel, IsNotWrittenToWhatIsNoRegularFile) {
    const TemporaryDirectory directory;
    const auto model = Model::load(bundled);
    ASSERT_TRUE(model);
    expect_error(model->save_packed("/dev/null"), ErrorCode::io, {"/dev/null", "not a regular file"});
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
    expect_error(model->save_packed(directory.path()), ErrorCode::io, {"not a regular file"});
    std::filesystem::create_symlink("nothing", directory.file("dangling"));
    expect_error(model->save_packed(directory.file("dangling")), ErrorCode::io, {"dangling"});
    ASSERT_EQ(mkfifo(directory.file("pipe").c_str(), 0600), 0);
    expect_error(model->save_packed(directory.file("pipe")), ErrorCode::io, {"not a regular file"});
    EXPECT_THAT(names_in(directory.path()), testing::UnorderedElementsAre("dangling", "pipe"));
}

// Whichever comes last, it is whole, and nothing else is left.
TEST_F(PackedModel, IsWholeWhenManyWriteItAtOnce) {
    const TemporaryDirectory directory;
    const auto model = Model::load(bundled);
    ASSERT_TRUE(model);
    {
        std::vector<std::jthread> writers;
        for (int i = 0; i < 8; i++) {
            writers.emplace_back([&] {
                for (int round = 0; round < 3; round++) {
                    const auto saved = model->save_packed(directory.file("model"));
                    EXPECT_TRUE(saved) << saved.error().message;
                }
            });
        }
    }
    EXPECT_TRUE(contents(directory.file("model")) == bytes_);
    EXPECT_THAT(names_in(directory.path()), testing::ElementsAre("model"));
}

TEST_F(PackedModel, ThatIsNotMappedIsItsOwn) {
    const TemporaryDirectory directory;
    directory.write("model", bytes_);
    ModelOptions options;
    options.map = false;
    const auto model = Model::load(directory.file("model"), options);
    const auto mapped = Model::load(directory_->file("packed"));
    ASSERT_TRUE(model) << model.error().message;
    ASSERT_TRUE(mapped);
    std::filesystem::resize_file(directory.file("model"), 10);
    EXPECT_EQ(logits_of(*model), logits_of(*mapped));
}

// A model that is renamed into its place is another file, which a model that was loaded knows nothing of.
TEST_F(PackedModel, ThatIsReplacedStaysAsItWas) {
    const TemporaryDirectory directory;
    directory.write("model", bytes_);
    const auto model = Model::load(directory.file("model"));
    ASSERT_TRUE(model);
    const std::vector<float> before = logits_of(*model);
    Architecture tiny;
    tiny.name = "tiny";
    tiny.width = tiny.mlp_width = 64;
    tiny.depth = tiny.heads = 1;
    ASSERT_TRUE(Model::random(tiny)->save_packed(directory.file("model")));
    EXPECT_EQ(logits_of(*model), before);
    EXPECT_EQ(Model::load(directory.file("model"))->architecture().name, "tiny");
}

TEST_F(PackedModel, OfAnotherTargetTilingOrVersionIsRefusedByName) {
    const std::string architecture = Model::load(bundled)->backend().target.substr(0, 3);
    EXPECT_THAT(refusal(replaced("\"target\":\"" + architecture, "\"target\":\"y86")),
                HasSubstr("packed for target y86"));
    EXPECT_THAT(refusal(replaced(std::string("\"version\":\"") + version(), "\"version\":\"9.9.9")),
                HasSubstr("packed by version 9.9.9"));
    const std::size_t blocks = bytes_.find("\"blocks\":[") + 10;
    std::string other = bytes_;
    other[blocks] = other[blocks] == '8' ? '9' : '8';
    EXPECT_THAT(refusal(with_checksum(other)), HasSubstr("was packed in blocks of"));
}

TEST_F(PackedModel, ThatIsTruncatedAnywhereIsRefused) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{15}, std::size_t{16},
          std::size_t{100}, std::size_t{1000}, std::size_t{65536}, bytes_.size() / 2, bytes_.size() - 4,
          bytes_.size() - 1}) {
        EXPECT_THAT(refusal(bytes_.substr(0, size)), HasSubstr("changed")) << size;
    }
    EXPECT_THAT(refusal(bytes_ + "more"), HasSubstr("weights"));
    EXPECT_THAT(refusal("VITPACK\n\xff\xff\xff\xff\xff\xff\xff\xff" + std::string(8, '\0')),
                HasSubstr("truncated"));
    EXPECT_THAT(refusal("a text file"), HasSubstr("neither"));
}

TEST_F(PackedModel, WithASizeThatContradictsItsWeightsIsRefused) {
    EXPECT_THAT(refusal(replaced("\"depth\":6", "\"depth\":7")), HasSubstr("weights"));
    EXPECT_THAT(refusal(replaced("\"heads\":2", "\"heads\":3")), HasSubstr("heads"));
    EXPECT_THAT(refusal(replaced("\"image_width\":28", "\"image_width\":-8")), HasSubstr("image_width"));
    EXPECT_THAT(refusal(replaced("\"resize\":\"squash\"", "\"resize\":\"none\"  ")),
                HasSubstr("preprocessing"));
    EXPECT_THAT(refusal(replaced("\"labels\":10", "\"labels\":11")), HasSubstr("labels"));
}

TEST_F(PackedModel, OfAnotherPackingIsRefusedByName) {
    const std::size_t at = bytes_.find("\"packing\":\"") + 11;
    std::string other = bytes_;
    other[at] = other[at] == '0' ? '1' : '0';
    EXPECT_THAT(refusal(with_checksum(other)), HasSubstr("packed in another way"));
}

// An enumeration that has changed: names, so that none is taken for another.
TEST_F(PackedModel, WithAnUnknownNameIsRefused) {
    EXPECT_THAT(refusal(replaced("\"gelu_erf\"", "\"gelu_xrf\"")),
                testing::AllOf(HasSubstr("activation"), HasSubstr("gelu_xrf")));
    EXPECT_THAT(refusal(replaced("\"class_token\"]", "\"class_taken\"]")),
                testing::AllOf(HasSubstr("features"), HasSubstr("class_taken")));
    EXPECT_THAT(refusal(replaced("\"softmax\"", "\"softmix\"")), HasSubstr("scores"));
    EXPECT_THAT(refusal(replaced("\"registers\"", "\"registerz\"")), HasSubstr("registers"));
}

// Every byte counts, of the header, of the zeros behind it and of the weights.
TEST_F(PackedModel, WithOneBitTurnedAnywhereIsRefused) {
    Random random;
    const int size = static_cast<int>(bytes_.size());
    std::vector<int> places{0, 7, 8, 15, 16, 23, 24, 65535, 65536, size - 1};
    for (int i = 0; i < 200; i++) {
        places.push_back(random.integer(0, i % 2 ? 4000 : size - 1));
    }
    for (const int place : places) {
        std::string changed = bytes_;
        changed[place] = static_cast<char>(changed[place] ^ 1 << random.integer(0, 7));
        EXPECT_THAT(refusal(changed), HasSubstr("changed")) << "byte " << place;
    }
}

TEST_F(PackedModel, IsNotComparedWithItsChecksumsWhereNobodyWants) {
    std::string changed = bytes_;
    changed.back() = static_cast<char>(changed.back() ^ 1);
    EXPECT_THAT(refusal(changed), HasSubstr("is damaged"));
    EXPECT_TRUE(Model::load(directory_->file("changed"), {.verify = false}));
}

TEST_F(PackedModel, ThatCannotBeWrittenSaysSo) {
    const auto model = Model::load(bundled);
    ASSERT_TRUE(model);
    const auto saved = model->save_packed(directory_->file("missing/packed"));
    ASSERT_FALSE(saved);
    EXPECT_THAT(saved.error().message, HasSubstr("missing/packed"));
}

}  // namespace

}  // namespace vit::test
