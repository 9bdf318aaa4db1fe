// Memory that runs out at any allocation of a session and of pictures: each call answers as ever or returns
// an error, leaves nothing behind, and the next call works (support/failing_memory.h).
#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/failing_calls.h"
#include "tests/support/golden.h"

namespace vit::test {
namespace {

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

class MemoryFailure : public testing::Test {
protected:
    const std::string path_ = golden_files + "two-labels";
    const Model model_ = load(path_);
    const std::size_t pixels_ =
        std::size_t(3) * model_.architecture().image_height * model_.architecture().image_width;
};

TEST_F(MemoryFailure, CreateASession) {
    // By threads of the app's: none is started.
    const ParallelFor by_caller{
        [](void *, int n, void (*task)(void *, int), void *argument) {
            for (int i = 0; i < n; i++) task(argument, i);
        },
        nullptr};
    const SessionOptions of_app{.threads = 3, .max_batch = 4, .parallel_for = by_caller};
    EXPECT_GE(fail_every_allocation([&] { return Session::create(model_, of_app); },
                                    [](const Session &session) { EXPECT_EQ(session.threads(), 3); }),
              5);
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
class MemoryOfAPass : public testing::TestWithParam<std::string> {};

// Nothing, from the first pass on, is allocated, whatever the batch.
TEST_P(MemoryOfAPass, HundredsOfSessionsAskForNone) {
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

INSTANTIATE_TEST_SUITE_P(, MemoryOfAPass, testing::ValuesIn(golden_directories(false)), golden_name);

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
        const std::vector<ImageView> several(3, view);
        EXPECT_GE(fail_every_allocation_after(
                      new_session, [&](Session &its) { return its.classify(several, 2); },
                      [&](const std::vector<std::vector<Prediction>> &its) {
                          ASSERT_EQ(its.size(), several.size());
                          for (const auto &one : its) expect_equal(one, *best);
                      }),
                  5);
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

constexpr memory::Whose of_program = memory::Whose::of_program;

struct PictureFile {
    const char *path;
    memory::Whose whose = memory::Whose::all;
};

// Of each format, as the library of this build decodes it.
class MemoryFailureOfPictures : public testing::TestWithParam<PictureFile> {
protected:
    const Model model_ = load(golden_files + "two-labels");
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
    [](const auto &tested) { return word_of(tested.param.path); });

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
            if (memory::counts_live()) {
                EXPECT_NEAR(static_cast<double>(*told), taken, 0.01 * taken + 4096 * threads);
            }
            const auto tell = [&] { return Session::memory(model_, options); };
            const auto check = [&](std::int64_t bytes) { EXPECT_EQ(bytes, *told); };
            EXPECT_GE(fail_every_allocation(tell, check), 5);
        }
    }
    fail_refusal(ErrorCode::argument, [&] { return Session::memory(model_, {.threads = -1}); });
}

}  // namespace
}  // namespace vit::test
