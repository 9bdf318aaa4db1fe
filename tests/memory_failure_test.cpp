// Memory that runs out at any allocation of any function: each call answers as ever or returns an error,
// leaves nothing behind, and the next call works (support/failing_memory.h).
#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/failing_memory.h"
#include "tests/support/golden.h"
#include "tests/support/saved_families.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"
#include "vit/vit.h"

// What a disk takes for each of thousands of files says nothing here.
extern "C" int fsync(int) { return 0; }

namespace vit::test {
namespace {

using testing::ElementsAreArray;
using testing::Not;

const std::string golden = source_directory() + "/tests/golden/";
const ModelOptions one_thread{.threads = 1};

std::string content_of(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), {});
}

// A path's end as the name of a test.
std::string word_of(const std::string &path) {
    std::string word = std::filesystem::path(path).filename();
    std::replace_if(word.begin(), word.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
    return word;
}

void expect_equal(const std::vector<Prediction> &found, const std::vector<Prediction> &right) {
    ASSERT_EQ(found.size(), right.size());
    for (std::size_t i = 0; i < right.size(); i++) {
        EXPECT_EQ(found[i].index, right[i].index);
        EXPECT_EQ(found[i].score, right[i].score);
    }
}

// What a model makes of a grey picture.
std::vector<float> logits_of(const Model &model) {
    const Architecture &a = model.architecture();
    auto session = Session::create(model, {.threads = 1});
    if (!session) throw std::runtime_error(session.error().message);
    const std::vector<float> pixels(std::size_t(a.channels) * a.image_height * a.image_width, 0.25f);
    std::vector<float> logits(a.labels);
    const Result<void> done = session->forward(pixels.data(), 1, logits.data());
    if (!done) throw std::runtime_error(done.error().message);
    return logits;
}

Model load(const std::string &path) {
    auto model = Model::load(path, one_thread);
    if (!model) throw std::runtime_error(model.error().message);
    return std::move(*model);
}

// A call that cannot succeed: its error, as a value, unless memory has run out.
template<typename T>
Result<Error> error_of(Result<T> result) {
    if (result) return Error{ErrorCode::memory, "succeeded"};
    if (result.error().code == ErrorCode::memory) return tl::unexpected<Error>(std::move(result.error()));
    return std::move(result.error());
}

template<typename Call>
void fail_refusal(ErrorCode code, Call call) {
    const Error right = call().error();
    ASSERT_EQ(right.code, code) << right.message;
    const long most = fail_every_allocation([&] { return error_of(call()); }, [&](const Error &error) {
        EXPECT_EQ(error.code, code) << error.message;
        EXPECT_EQ(error.message, right.message);
    });
    EXPECT_GE(most, 1);
}

// The list of a function that returns one; an empty one is want of memory.
template<typename List>
Result<List> none_is_error(List list) {
    if (list.empty()) return tl::unexpected<Error>(Error{ErrorCode::memory, "out of memory"});
    return list;
}

TEST(FailingMemory, IsCausedAndCounted) {
    const long live = memory::count().live;
    memory::fail(2, memory::Mode::one_fails);
    // Volatile, or the compiler would see that nobody needs them.
    void *volatile first = std::malloc(100);
    void *volatile second = ::operator new(100, std::nothrow);
    void *volatile third = std::aligned_alloc(64, 64);
    EXPECT_TRUE(memory::stop_failing());
    EXPECT_TRUE(first);
    EXPECT_FALSE(second);
    EXPECT_TRUE(third);
    std::free(first);
    std::free(third);
    memory::fail(1, memory::Mode::all_fail_from);
    bool thrown = false;
    try {
        std::vector<int> values(100);
    } catch (const std::bad_alloc &) {
        thrown = true;
    }
    void *volatile none = std::calloc(1, 1);
    EXPECT_TRUE(memory::stop_failing());
    EXPECT_TRUE(thrown);
    EXPECT_FALSE(none);
    EXPECT_EQ(memory::count().live, live);
}

// Of each naming, as small as they can be.
Architecture tiny() {
    Architecture a = small_architecture();
    a.depth = 1;
    return a;
}

// A directory of each naming, whose answer is right if it has the sizes and the label.
class MemoryFailureOfLoading : public testing::Test {
protected:
    const TemporaryDirectory directory_;

    void fail_every_allocation_of_loading(const std::string &path) {
        const Model right = load(path);
        const std::vector<float> logits = logits_of(right);
        const auto check = [&](const Model &model) {
            EXPECT_EQ(logits_of(model), logits);
            EXPECT_EQ(model.label(0), right.label(0));
        };
        EXPECT_GE(fail_every_allocation([&] { return Model::load(path, one_thread); }, check), 100);
    }
    void fail_every_allocation_of_loading(const SavedModel &model) {
        model.write(directory_);
        fail_every_allocation_of_loading(directory_.path());
    }
};

TEST_F(MemoryFailureOfLoading, HuggingFace) { fail_every_allocation_of_loading(golden + "two-labels"); }
TEST_F(MemoryFailureOfLoading, Deit) {
    Architecture a = tiny();
    a.prefix = {.distillation_token = true, .positioned = 2};
    fail_every_allocation_of_loading(deit_model(a));
}
TEST_F(MemoryFailureOfLoading, Timm) { fail_every_allocation_of_loading(timm_model(tiny())); }
TEST_F(MemoryFailureOfLoading, TimmWithArguments) {
    Architecture a = tiny();
    a.activation = Activation::silu_gated;
    SavedModel model = timm_model(a);
    model.config["model_args"]["mlp_layer"] = "SwiGLUPacked";
    model.config["model_args"]["act_layer"] = "silu";
    fail_every_allocation_of_loading(model);
}
TEST_F(MemoryFailureOfLoading, Torchvision) {
    Architecture a = tiny();
    a.image_width = a.image_height;
    a.patch_width = a.patch_height;
    fail_every_allocation_of_loading(torchvision_model(a));
}

TEST_F(MemoryFailureOfLoading, Shards) {
    Architecture a = tiny();
    a.prefix = {.distillation_token = true, .positioned = 2};
    SavedModel model = deit_model(a);
    model.write(directory_);
    nlohmann::json index;
    const std::size_t half = model.tensors.size() / 2;
    for (int shard : {0, 1}) {
        const auto begin = model.tensors.begin() + (shard ? half : 0);
        const auto end = shard ? model.tensors.end() : model.tensors.begin() + half;
        const std::string name = "model-0000" + std::to_string(shard + 1) + ".safetensors";
        directory_.write(name, safetensors_file(std::vector<NamedTensor>(begin, end)));
        for (auto tensor = begin; tensor != end; ++tensor) index["weight_map"][tensor->name] = name;
    }
    directory_.remove("model.safetensors");
    directory_.write("model.safetensors.index.json", index.dump());
    fail_every_allocation_of_loading(directory_.path());
}

class MemoryFailure : public testing::Test {
protected:
    const std::string path_ = golden + "two-labels";
    const Model model_ = load(path_);
    const std::size_t pixels_ =
        std::size_t(3) * model_.architecture().image_height * model_.architecture().image_width;
    const TemporaryDirectory directory_;
};

TEST_F(MemoryFailure, LoadPacked) {
    const std::string packed = directory_.file("model.vit");
    for (const Precision precision : {Precision::f32, Precision::i8}) {
        const auto model = Model::random(tiny(), 7, {.threads = 1, .precision = precision});
        ASSERT_TRUE(model->save_packed(packed, Accuracy{}));
        const std::vector<float> logits = logits_of(*model);
        for (const bool map : {false, true}) {
            const ModelOptions options{.threads = 1, .map = map};
            const long most =
                fail_every_allocation([&] { return Model::load(packed, options); },
                                      [&](const Model &found) { EXPECT_EQ(logits_of(found), logits); });
            EXPECT_GE(most, 100);
        }
    }
}

// A file that was there stays as it was, or is replaced by a whole one, and nothing lies beside it.
TEST_F(MemoryFailure, SavePacked) {
    const std::string packed = directory_.file("model.vit");
    const auto model = Model::random(tiny(), 7, one_thread);
    ASSERT_TRUE(model->save_packed(packed));
    const std::string whole = content_of(packed);
    directory_.write("model.vit", "older");
    const long most = fail_every_allocation(
        [&]() -> Result<std::string> {
            auto done = model->save_packed(packed);
            // Read with memory, whatever became of it; the older one is put back.
            memory::stop_failing();
            const std::string content = content_of(packed);
            if (!done) {
                EXPECT_EQ(content, "older");
            }
            const auto entries = std::filesystem::directory_iterator(directory_.path());
            EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
            directory_.write("model.vit", "older");
            if (!done) return tl::unexpected<Error>(std::move(done.error()));
            return content;
        },
        [&](const std::string &content) { EXPECT_EQ(content, whole); });
    EXPECT_GE(most, 100);
}

TEST_F(MemoryFailure, Random) {
    Architecture a = model_.architecture();
    const auto random = [&] { return Model::random(a, 7, one_thread); };
    const std::vector<float> logits = logits_of(*random());
    const long most =
        fail_every_allocation(random, [&](const Model &model) { EXPECT_EQ(logits_of(model), logits); });
    EXPECT_GE(most, 10);
    a.heads = a.width + 1;
    fail_refusal(ErrorCode::argument, random);
}

TEST_F(MemoryFailure, LoadOfWhatIsNoModel) {
    directory_.write("config.json", R"({"model_type": "vit", "hidden_size": {"a": [[1], {"b": [2]}]}})");
    directory_.write("packed", content_of(path_ + "/model.safetensors"));
    fail_refusal(ErrorCode::config, [&] { return Model::load(directory_.path(), one_thread); });
    directory_.write("config.json", R"({"model_type": "vit", "a": [[1], {"b": [[2], )");
    fail_refusal(ErrorCode::format, [&] { return Model::load(directory_.path(), one_thread); });
    const std::string no_model = directory_.file("packed");
    fail_refusal(ErrorCode::format, [&] { return Model::load(no_model, one_thread); });
    const ModelOptions no_backend{.backend = "a backend of no name"}, no_threads{.threads = -1};
    const std::string no_file = directory_.file("none"), nowhere = directory_.file("none/model.vit");
    fail_refusal(ErrorCode::io, [&] { return Model::load(no_file, one_thread); });
    fail_refusal(ErrorCode::backend, [&] { return Model::load(path_, no_backend); });
    fail_refusal(ErrorCode::argument, [&] { return Model::load(path_, no_threads); });
    fail_refusal(ErrorCode::io, [&] { return model_.save_packed(nowhere); });
}

TEST_F(MemoryFailure, CreateASession) {
    for (const int threads : {1, 3}) {
        const auto create = [&] { return Session::create(model_, {.threads = threads, .max_batch = 4}); };
        const long most = fail_every_allocation(create, [&](const Session &session) {
            EXPECT_LE(session.threads(), threads);  // those that there was memory for
            EXPECT_EQ(session.max_batch(), 4);
        });
        EXPECT_GE(most, 5);
    }
    fail_refusal(ErrorCode::argument, [&] { return Session::create(model_, {.threads = -1}); });
    fail_refusal(ErrorCode::argument, [&] { return Session::create(model_, {.max_batch = 0}); });
    fail_refusal(ErrorCode::argument, [&] { return Session::create(model_, {.max_batch = 1 << 30}); });
}

// Of each golden model, in each precision that it can be packed in.
class NoMemoryForAPass : public testing::TestWithParam<std::string> {};

// Nothing, from the first pass on, is allocated, whatever the batch.
TEST_P(NoMemoryForAPass, IsAskedFor) {
    constexpr int most = 9;
    for (int precision = 0; precision < static_cast<int>(std::size(precision_names)); precision++) {
        SCOPED_TRACE(precision_names[precision]);
        const auto model = Model::load(GetParam(), {.threads = 1, .precision = Precision(precision)});
        if (!model && precision > 0) continue;  // for which its heads are too large
        ASSERT_TRUE(model) << model.error().message;
        const Architecture &a = model->architecture();
        const std::size_t values = std::size_t(a.channels) * a.image_height * a.image_width;
        const std::vector<float> pixels(most * values, 0.25f);
        std::vector<float> logits(most * a.labels), scores(logits.size());
        for (int threads = 1; threads <= 4; threads++) {
            for (int batch = 1; batch <= most; batch += batch < 5 ? 1 : 2) {
                // The first pass of a session, of a batch that is not the largest but for the last.
                auto session = Session::create(*model, {.threads = threads, .max_batch = most});
                ASSERT_TRUE(session) << session.error().message;
                (void)session->stage_times();
                memory::fail(1, memory::Mode::all_fail_from);
                const bool passed = session->forward(pixels.data(), batch, logits.data()).has_value() &&
                                    session->scores(scores.data()).has_value();
                const bool failed = memory::stop_failing();
                EXPECT_TRUE(passed);
                EXPECT_FALSE(failed) << "something was allocated of a batch of " << batch << ", by one of "
                                     << threads << " threads";
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(, NoMemoryForAPass, testing::ValuesIn(golden_directories(false)), golden_name);

TEST_F(MemoryFailure, RefusedPasses) {
    const std::vector<float> pixels(2 * pixels_);
    std::vector<float> found(2 * model_.architecture().labels);
    auto session = Session::create(model_, {.threads = 1});
    fail_refusal(ErrorCode::argument, [&] { return session->scores(found.data()); });
    fail_refusal(ErrorCode::argument, [&] { return session->forward(pixels.data(), 2, found.data()); });
    fail_refusal(ErrorCode::argument, [&] { return session->forward(nullptr, 1, found.data()); });
    fail_refusal(ErrorCode::argument, [&] { return session->forward_on_device(1, 1, 1); });
}

TEST_F(MemoryFailure, APictureFromMemory) {
    const std::vector<std::uint8_t> samples(50 * 40 * 4, 99);
    for (const int channels : {3, 4}) {
        const ImageView view{samples.data(), 50, 40, channels, 0};
        std::vector<float> right(pixels_);
        auto session = Session::create(model_, {.threads = 1});
        ASSERT_TRUE(session->preprocess(view, right.data()));
        const auto best = session->classify(view, 2);
        std::vector<float> found(pixels_);
        const auto check_pixels = [&](const auto &) {
            EXPECT_EQ(found, right);
            std::fill(found.begin(), found.end(), NAN);
        };
        const auto is_done = [](const Result<void> &done) -> Result<bool> {
            if (!done) return tl::unexpected<Error>(done.error());
            return true;
        };
        const auto new_session = [&] { return std::move(*Session::create(model_, {.threads = 2})); };
        const auto new_preprocessor = [&] { return std::move(*Preprocessor::create(model_, 2)); };
        const auto preprocess = [&](Session &its) { return is_done(its.preprocess(view, found.data())); };
        const auto run = [&](Preprocessor &its) { return is_done(its.run(view, found.data())); };
        const auto classify = [&](Session &its) { return its.classify(view, 2); };
        const auto check_best = [&](const std::vector<Prediction> &its) { expect_equal(its, *best); };
        const auto check_grey = [](const Image &image) { EXPECT_EQ(image.data()[0], image.data()[7]); };
        EXPECT_GE(fail_every_allocation_after(new_session, preprocess, check_pixels), 5);
        EXPECT_GE(fail_every_allocation_after(new_preprocessor, run, check_pixels), 5);
        EXPECT_GE(fail_every_allocation_after(new_session, classify, check_best), 5);
        EXPECT_GE(fail_every_allocation([&] { return Image::from_pixels(view); }, check_grey), 1);
    }
    fail_refusal(ErrorCode::argument, [&] { return Image::from_pixels({}); });
    auto session = Session::create(model_, {.threads = 1});
    fail_refusal(ErrorCode::argument, [&] { return session->classify(ImageView{}, 2); });
    fail_refusal(ErrorCode::argument, [&] { return session->classify(ImageView{}, 0); });
    fail_refusal(ErrorCode::argument, [&] { return Preprocessor::create(model_, -1); });
    const auto create = [&] { return Preprocessor::create(model_, 1); };
    EXPECT_GE(fail_every_allocation(create, [](const Preprocessor &) {}), 1);
}

TEST(MemoryFailureOfLists, EveryAllocation) {
    const auto size_of = [](auto list) {
        const std::size_t size = list().size();
        EXPECT_GE(fail_every_allocation([&] { return none_is_error(list()); },
                                        [&](const auto &its) { EXPECT_EQ(its.size(), size); }),
                  1);
    };
    size_of([] { return backends(); });
    size_of([] { return image_formats(); });
    size_of([] { return architecture_names(); });
    const std::vector<float> scores{1, 3, 2};
    size_of([&] { return top_k(scores.data(), 3, 2); });
    EXPECT_GE(fail_every_allocation([] { return named_architecture("vit-b16"); },
                                    [](const Architecture &a) { EXPECT_EQ(a.width, 768); }),
              1);
    fail_refusal(ErrorCode::argument, [] { return named_architecture("vit-of-no-name"); });
    Architecture a;
    memory::fail(1, memory::Mode::all_fail_from);
    const double operations = flop(a);
    (void)parameters(a);
    a.heads = 7;
    const double of_none = flop(a);
    memory::stop_failing();
    EXPECT_GT(operations, 0);
    EXPECT_EQ(of_none, 0);
    EXPECT_GT(parameters(Architecture{}), 0);
}

// Of each format, as the library of this build decodes it.
constexpr memory::Whose of_program = memory::Whose::of_program;

struct PictureFile {
    const char *path;
    memory::Whose whose = memory::Whose::all;
};

// Of each format, as the library of this build decodes it.
class MemoryFailureOfPictures : public testing::TestWithParam<PictureFile> {
protected:
    const Model model_ = load(golden + "two-labels");
    const std::string path_ = source_directory() + "/tests/" + GetParam().path, bytes_ = content_of(path_);
};

void expect_pixels(const Image &found, const Image &right) {
    ASSERT_EQ(found.width(), right.width());
    ASSERT_EQ(found.height(), right.height());
    const std::size_t size = std::size_t(3) * right.width() * right.height();
    EXPECT_TRUE(std::equal(found.data(), found.data() + size, right.data()));
}

TEST_P(MemoryFailureOfPictures, EveryAllocation) {
    const auto right = Image::read(path_);
    if (!right) GTEST_SKIP() << right.error().message;
    const memory::Whose whose = GetParam().whose;
    const auto check = [&](const Image &image) { expect_pixels(image, *right); };
    EXPECT_GE(fail_every_allocation([&] { return Image::read(path_); }, check, whose), 2);
    const auto decode = [&] { return Image::decode(bytes_.data(), bytes_.size()); };
    EXPECT_GE(fail_every_allocation(decode, check, whose), 2);

    auto session = Session::create(model_, {.threads = 1});
    const auto best = session->classify_file(path_, 2);
    ASSERT_TRUE(best) << best.error().message;
    const auto classify = [&](Session &its) { return its.classify_file(path_, 2); };
    const auto check_best = [&](const std::vector<Prediction> &its) { expect_equal(its, *best); };
    const auto new_session = [&] { return std::move(*Session::create(model_, {.threads = 1})); };
    EXPECT_GE(fail_every_allocation_after(new_session, classify, check_best, whose), 2);

    std::vector<float> pixels(3 * 1024 * 1024);
    const auto read = [&](Preprocessor &its) -> Result<bool> {
        if (auto done = its.read(path_, {}, pixels.data()); !done) {
            return tl::unexpected<Error>(std::move(done.error()));
        }
        return true;
    };
    const auto new_preprocessor = [&] { return std::move(*Preprocessor::create(model_, 1)); };
    EXPECT_GE(fail_every_allocation_after(new_preprocessor, read, [](bool) {}, whose), 2);
}

// Some that Debian 12 has end the program themselves: libwebp 1.2.4 reads a table that it has no memory for,
// libde265 1.0 throws in threads of its own; and libheif with an AV1 decoder answers with other pixels.
INSTANTIATE_TEST_SUITE_P(
    , MemoryFailureOfPictures,
    testing::Values(PictureFile{"data/images/blocks.jpg"}, PictureFile{"data/images/progressive.jpg"},
                    PictureFile{"data/images/grey.jpg"}, PictureFile{"data/images/rgb.png"},
                    PictureFile{"data/images/palette.png"}, PictureFile{"data/images/interlaced.gif"},
                    PictureFile{"data/images/rgb.bmp"}, PictureFile{"data/images/rgb.ppm"},
                    PictureFile{"data/images/run_lengths.tga"}, PictureFile{"fuzz/corpus/image/rgba.pam"},
                    PictureFile{"fuzz/corpus/image/RGBA.webp", of_program},
                    PictureFile{"fuzz/corpus/image/lossless.webp", of_program},
                    PictureFile{"data/images/grey.heic", of_program},
                    PictureFile{"data/images/rgb12_420.avif", of_program}),
    [](const auto &info) { return word_of(info.param.path); });

// What a session takes is told before: within a hundredth, and what its objects themselves are.
TEST_F(MemoryFailure, MemoryOfASession) {
    for (const int threads : {1, 3}) {
        for (const int max_batch : {1, 2, 7}) {
            const SessionOptions options{.threads = threads, .max_batch = max_batch};
            const Result<std::int64_t> told = Session::memory(model_, options);
            ASSERT_TRUE(told) << told.error().message;
            const long before = memory::count().live_bytes;
            const auto session = Session::create(model_, options);
            const long taken = memory::count().live_bytes - before;
            EXPECT_NEAR(static_cast<double>(*told), taken, 0.01 * taken + 4096 * threads);
            const auto tell = [&] { return Session::memory(model_, options); };
            const auto check = [&](std::int64_t bytes) { EXPECT_EQ(bytes, *told); };
            EXPECT_GE(fail_every_allocation(tell, check), 5);
        }
    }
    fail_refusal(ErrorCode::argument, [&] { return Session::memory(model_, {.threads = -1}); });
}

}  // namespace
}  // namespace vit::test
