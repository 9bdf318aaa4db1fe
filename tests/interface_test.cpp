// The C++ interface and the C interface by the same cases: what vit.h promises, and that the two give the
// same bits and the same sentences.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"
#include "tests/support/interfaces.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"

namespace vit::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string bundled = source_directory() + "/models/fashion-mnist";
const std::string bag = bundled + "/images/bag.png";

std::string bytes_of(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Architecture small() {
    Architecture a;
    a.name = "small";
    a.image_height = 32;
    a.image_width = 48;
    a.patch_height = a.patch_width = 8;
    a.width = 24;
    a.depth = 2;
    a.heads = 3;
    a.mlp_width = 40;
    a.labels = 7;
    a.layer_norm_epsilon = 1e-5f;
    a.activation = Activation::silu_gated;
    a.prefix.registers = 2;
    a.pooling.features = {Feature::class_token, Feature::patch_mean};
    a.scores = Scores::sigmoid;
    return a;
}

void expect_same(const Architecture &a, const Architecture &b) {
    EXPECT_EQ(c::json_of(a), c::json_of(b));
}

void expect_same(const BackendInfo &a, const BackendInfo &b) {
    EXPECT_EQ(std::tie(a.name, a.target, a.supported, a.reason, a.devices, a.tuned),
              std::tie(b.name, b.target, b.supported, b.reason, b.devices, b.tuned));
}

std::vector<std::pair<int, float>> pairs(const std::vector<Prediction> &predictions) {
    std::vector<std::pair<int, float>> found;
    for (const Prediction &p : predictions) found.emplace_back(p.index, p.score);
    return found;
}

template<typename T>
T value(Result<T> result) {
    if (!result) {
        ADD_FAILURE() << result.error().message;
        return T();
    }
    return std::move(*result);
}

// An error of one interface is that of the other, to the letter.
template<typename T, typename U>
void expect_same_error(const Result<T> &a, const Result<U> &b) {
    ASSERT_FALSE(a);
    ASSERT_FALSE(b);
    EXPECT_EQ(a.error().code, b.error().code);
    EXPECT_EQ(a.error().message, b.error().message);
}

std::vector<std::uint8_t> pattern(std::size_t size) {
    std::vector<std::uint8_t> pixels(size);
    for (std::size_t i = 0; i < size; i++) pixels[i] = static_cast<std::uint8_t>(i * 37 + i / 11);
    return pixels;
}

template<typename Interface>
class InterfaceTest : public testing::Test {};
using Interfaces = testing::Types<Cpp, C>;
TYPED_TEST_SUITE(InterfaceTest, Interfaces);

TYPED_TEST(InterfaceTest, Architectures) {
    EXPECT_STREQ(TypeParam::version(), vit::version());
    const std::vector<std::string> names = TypeParam::architecture_names();
    EXPECT_EQ(names, vit::architecture_names());
    EXPECT_THAT(names, testing::Contains("vit-b16"));
    for (const std::string &name : names) {
        const Architecture a = value(TypeParam::named_architecture(name));
        expect_same(a, *vit::named_architecture(name));
        EXPECT_EQ(TypeParam::flop(a), vit::flop(a));
        EXPECT_EQ(TypeParam::parameters(a), vit::parameters(a));
    }
    expect_same_error(TypeParam::named_architecture("vit-z3"), vit::named_architecture("vit-z3"));
}

TYPED_TEST(InterfaceTest, BackendsAndFormats) {
    const auto expected = vit::backends(), found = TypeParam::backends();
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); i++) expect_same(found[i], expected[i]);
    const auto expected_formats = vit::image_formats(), formats = TypeParam::image_formats();
    ASSERT_EQ(formats.size(), expected_formats.size());
    for (std::size_t i = 0; i < formats.size(); i++) {
        EXPECT_EQ(formats[i].name, expected_formats[i].name);
        EXPECT_EQ(formats[i].decoder, expected_formats[i].decoder);
    }
}

TYPED_TEST(InterfaceTest, RandomModels) {
    const Architecture a = small();
    const auto model = value(TypeParam::Model::random(a, 3));
    const auto expected = value(Model::random(a, 3));
    ASSERT_TRUE(model);
    expect_same(model.architecture(), a);
    expect_same(model.backend(), expected.backend());
    EXPECT_EQ(model.precision(), Precision::f32);
    EXPECT_FALSE(model.accuracy());
    EXPECT_EQ(model.label(6), "LABEL_6");
    for (const int index : {-1, 7}) EXPECT_EQ(model.label(index), "");

    std::vector<Architecture> impossible(3, a);
    impossible[0].heads = 5;
    impossible[1].patch_height = 64;
    impossible[2].pooling.features = {Feature::distillation_token};
    for (const Architecture &wrong : impossible) {
        expect_same_error(TypeParam::Model::random(wrong), Model::random(wrong));
    }
    ModelOptions options;
    options.backend = "abacus";
    expect_same_error(TypeParam::Model::random(a, 0, options), Model::random(a, 0, options));
    options = {};
    options.threads = max_threads + 1;
    expect_same_error(TypeParam::Model::random(a, 0, options), Model::random(a, 0, options));
    options = {};
    options.device = -1;
    expect_same_error(TypeParam::Model::random(a, 0, options), Model::random(a, 0, options));
}

TYPED_TEST(InterfaceTest, LoadsAndSaves) {
    const TemporaryDirectory directory;
    const auto model = value(TypeParam::Model::load(bundled));
    const auto expected = value(Model::load(bundled));
    ASSERT_TRUE(model);
    expect_same(model.architecture(), expected.architecture());
    for (int i = -1; i <= expected.architecture().labels; i++) EXPECT_EQ(model.label(i), expected.label(i));
    EXPECT_EQ(model.draft().draft_width, expected.draft().draft_width);
    EXPECT_EQ(model.draft().draft_height, expected.draft().draft_height);
    const auto copy = TypeParam::copy(model);
    EXPECT_EQ(copy.label(0), expected.label(0));

    const std::string file = directory.file("packed.vit"), of_cpp = directory.file("cpp.vit");
    const Accuracy accuracy{12, 11, 0.5, 0.75, 0.125};
    ASSERT_TRUE(model.save_packed(file, accuracy));
    ASSERT_TRUE(expected.save_packed(of_cpp, accuracy));
    EXPECT_EQ(bytes_of(file), bytes_of(of_cpp));
    for (const bool map : {true, false}) {
        ModelOptions options;
        options.map = map;
        const auto packed = value(TypeParam::Model::load(file, options));
        ASSERT_TRUE(packed.accuracy());
        const Accuracy kept = *packed.accuracy();
        EXPECT_EQ(std::tie(kept.pictures, kept.agreeing, kept.lowest_cosine, kept.mean_cosine,
                           kept.largest_difference),
                  std::tie(accuracy.pictures, accuracy.agreeing, accuracy.lowest_cosine,
                           accuracy.mean_cosine, accuracy.largest_difference));
    }

    // Damage is found unless nobody looks for it.
    std::string damaged = bytes_of(file);
    damaged[damaged.size() - 100] ^= 1;
    directory.write("damaged.vit", damaged);
    const std::string path = directory.file("damaged.vit");
    expect_same_error(TypeParam::Model::load(path), Model::load(path));
    ModelOptions unverified;
    unverified.verify = false;
    EXPECT_TRUE(TypeParam::Model::load(path, unverified));

    const std::string missing = directory.file("missing"), unwritable = directory.file("no/such/file");
    expect_same_error(TypeParam::Model::load(missing), Model::load(missing));
    expect_same_error(model.save_packed(unwritable), expected.save_packed(unwritable));
    ModelOptions i16;
    i16.precision = Precision::i16;
    const auto fixed = TypeParam::Model::load(bundled, i16);
    const auto expected_fixed = Model::load(bundled, i16);
    ASSERT_EQ(static_cast<bool>(fixed), static_cast<bool>(expected_fixed));
    if (fixed) {
        EXPECT_EQ(fixed->precision(), Precision::i16);
    }
}

TYPED_TEST(InterfaceTest, LoadsBytes) {
    const std::string config = bytes_of(bundled + "/config.json");
    const std::string preprocessing = bytes_of(bundled + "/preprocessor_config.json");
    const std::string weights = bytes_of(bundled + "/model.safetensors");
    std::vector<NamedBytes> files = {{"config.json", config.data(), config.size()},
                                     {"preprocessor_config.json", preprocessing.data(),
                                      preprocessing.size()},
                                     {"model.safetensors", weights.data(), weights.size()}};
    auto model = value(TypeParam::Model::load_bytes(files, {}, "bundled"));
    ASSERT_TRUE(model);
    auto session = value(TypeParam::Session::create(model));
    auto expected_model = value(Model::load(bundled));
    auto expected = value(Session::create(expected_model));
    EXPECT_EQ(pairs(value(session.classify_file(bag))), pairs(value(expected.classify_file(bag))));
    files.pop_back();
    expect_same_error(TypeParam::Model::load_bytes(files), Model::load_bytes(files));
    expect_same_error(TypeParam::Model::load_bytes({}), Model::load_bytes({}));
}

TYPED_TEST(InterfaceTest, Images) {
    using Image = typename TypeParam::Image;
    const std::string bytes = bytes_of(bag);
    const vit::Image expected = value(vit::Image::read(bag));
    for (const Image &image : {TypeParam::copy(value(Image::read(bag))),
                               TypeParam::copy(value(Image::decode(bytes.data(), bytes.size())))}) {
        ASSERT_EQ(image.width(), expected.width());
        ASSERT_EQ(image.height(), expected.height());
        EXPECT_EQ(std::memcmp(image.data(), expected.data(), 3u * image.width() * image.height()), 0);
        EXPECT_EQ(image.view().data, image.data());
        EXPECT_EQ(image.view().width, image.width());
    }
    EXPECT_EQ(Image().width(), 0);
    EXPECT_EQ(Image().data(), nullptr);

    const std::string missing = bag + ".none";
    expect_same_error(Image::read(missing), vit::Image::read(missing));
    expect_same_error(Image::decode(bytes.data(), 40, "upload"),
                      vit::Image::decode(bytes.data(), 40, "upload"));
    expect_same_error(Image::decode(nullptr, 0), vit::Image::decode(nullptr, 0));

    // A JPEG: of a PNG, stb_image takes nothing then, where it is what decodes.
    const std::string jpeg = bytes_of(source_directory() + "/tests/data/images/blocks.jpg");
    const std::string truncated = jpeg.substr(0, jpeg.size() - 4);
    expect_same_error(Image::decode(truncated.data(), truncated.size()),
                      vit::Image::decode(truncated.data(), truncated.size()));
    ImageOptions options;
    options.accept_truncated = true;
    EXPECT_TRUE(Image::decode(truncated.data(), truncated.size(), "image", options));
    options = {};
    options.max_pixels = 10;
    expect_same_error(Image::read(bag, options), vit::Image::read(bag, options));
    options = {};
    options.max_memory = 10;
    expect_same_error(Image::read(bag, options), vit::Image::read(bag, options));
    options = {};
    std::atomic<bool> cancelled = true;
    options.cancelled = &cancelled;
    expect_error(Image::read(bag, options), ErrorCode::cancelled, {bag});
    cancelled = false;
    EXPECT_TRUE(Image::read(bag, options));
}

TYPED_TEST(InterfaceTest, PixelsInEveryOrder) {
    using Image = typename TypeParam::Image;
    const int width = 5, height = 4;
    const std::vector<std::uint8_t> p = pattern(4 * width * height);
    std::vector<ImageView> views;
    for (const int channels : {1, 2, 3, 4}) views.push_back({p.data(), width, height, channels});
    views.push_back({p.data(), width, height, 3, 0, ChannelOrder::bgr});
    views.push_back({p.data(), width, height, 4, 0, ChannelOrder::bgr});
    views.push_back({p.data(), width, height, 3, 0, ChannelOrder::rgb, 1, width * height});
    views.push_back({p.data() + 3 * width * (height - 1), width, height, 3, -3 * width});
    for (const ImageView &view : views) {
        const Image image = TypeParam::copy(value(Image::from_pixels(view)));
        const vit::Image expected = value(vit::Image::from_pixels(view));
        ASSERT_EQ(image.width(), width);
        EXPECT_EQ(std::memcmp(image.data(), expected.data(), 3u * width * height), 0);
    }
    for (const ImageView &wrong : {ImageView{nullptr, 2, 2}, ImageView{p.data(), 0, 2},
                                   ImageView{p.data(), 2, -1}, ImageView{p.data(), 2, 2, 5},
                                   ImageView{p.data(), 2, 2, 3, PTRDIFF_MIN}}) {
        expect_same_error(Image::from_pixels(wrong), vit::Image::from_pixels(wrong));
    }
}

// The bits of every way from a picture to answers.
template<typename Interface>
std::vector<float> answers() {
    std::vector<float> all;
    const auto model = value(Interface::Model::load(bundled));
    const Architecture a = model.architecture();
    const std::size_t size = static_cast<std::size_t>(a.channels) * a.image_height * a.image_width;
    SessionOptions options;
    options.threads = 2;
    options.max_batch = 3;
    auto session = value(Interface::Session::create(model, options));
    EXPECT_EQ(session.threads(), 2);
    EXPECT_EQ(session.max_batch(), 3);
    const auto image = value(Interface::Image::read(bag));
    std::vector<float> pixels(3 * size), values(3 * a.labels);
    EXPECT_TRUE(session.preprocess(image.view(), pixels.data()));
    auto preprocessor = value(Interface::Preprocessor::create(model));
    EXPECT_TRUE(preprocessor.read(bag, {}, pixels.data() + size));
    EXPECT_TRUE(preprocessor.run(image.view(), pixels.data() + 2 * size));
    all = pixels;
    const std::string bytes = bytes_of(bag);
    EXPECT_TRUE(preprocessor.decode(bytes.data(), bytes.size(), "bag", {}, pixels.data()));
    all.insert(all.end(), pixels.begin(), pixels.end());

    EXPECT_THAT(session.stage_times(), IsEmpty());
    EXPECT_TRUE(session.forward(pixels.data(), 3, values.data()));
    all.insert(all.end(), values.begin(), values.end());
    EXPECT_TRUE(session.scores(values.data()));
    all.insert(all.end(), values.begin(), values.end());
    double flop = 0;
    int calls = 0;
    for (const StageTime &time : session.stage_times()) {
        EXPECT_FALSE(time.name.empty());
        EXPECT_GE(time.milliseconds, 0);
        calls += time.calls;
        flop += time.flop;
    }
    EXPECT_GT(calls, 10);
    all.push_back(static_cast<float>(flop));

    const auto keep = [&](const std::vector<Prediction> &predictions) {
        for (const Prediction &p : predictions) {
            all.push_back(static_cast<float>(p.index));
            all.push_back(p.score);
        }
    };
    keep(value(session.classify(image.view())));
    keep(value(session.classify(image.view(), 1000)));
    keep(value(session.classify_file(bag, 1)));
    const auto other = value(Interface::Image::read(bundled + "/images/coat.png"));
    const std::vector<ImageView> views = {image.view(), other.view(), image.view(), other.view()};
    const auto of_each = value(session.classify(views, 2));
    EXPECT_EQ(of_each.size(), views.size());
    for (const auto &predictions : of_each) keep(predictions);
    EXPECT_THAT(value(session.classify(std::vector<ImageView>{}, 2)), IsEmpty());
    return all;
}

TYPED_TEST(InterfaceTest, Answers) {
    static const std::vector<float> expected = answers<Cpp>();
    EXPECT_EQ(answers<TypeParam>(), expected);
}

TYPED_TEST(InterfaceTest, SessionsSayWhatIsWrong) {
    const auto model = value(TypeParam::Model::random(small()));
    const auto same = value(Model::random(small()));
    SessionOptions options;
    for (const int threads : {-1, max_threads + 1}) {
        options.threads = threads;
        expect_same_error(TypeParam::Session::create(model, options), Session::create(same, options));
        expect_same_error(TypeParam::Session::memory(model, options), Session::memory(same, options));
        expect_same_error(TypeParam::Preprocessor::create(model, threads),
                          Preprocessor::create(same, threads));
    }
    options.threads = 1;
    options.max_batch = -1;
    expect_same_error(TypeParam::Session::create(model, options), Session::create(same, options));
    options.max_batch = 2;
    EXPECT_EQ(value(TypeParam::Session::memory(model, options)), value(Session::memory(same, options)));

    auto session = value(TypeParam::Session::create(model, options));
    auto expected = value(Session::create(same, options));
    std::vector<float> pixels(2 * 3 * 32 * 48), logits(2 * 7);
    float *const none = nullptr;
    expect_same_error(session.scores(logits.data()), expected.scores(logits.data()));
    expect_same_error(session.forward(pixels.data(), 3, logits.data()),
                      expected.forward(pixels.data(), 3, logits.data()));
    expect_same_error(session.forward(none, 1, logits.data()), expected.forward(none, 1, logits.data()));
    expect_same_error(session.forward(pixels.data(), 1, none), expected.forward(pixels.data(), 1, none));
    expect_same_error(session.scores(none), expected.scores(none));
    expect_same_error(session.preprocess({}, pixels.data()), expected.preprocess({}, pixels.data()));
    expect_same_error(session.classify(ImageView{}), expected.classify(ImageView{}));
    const std::vector<ImageView> nothing(2);
    expect_same_error(session.classify(nothing), expected.classify(nothing));
    expect_same_error(session.classify_file(bag, 0), expected.classify_file(bag, 0));
    expect_same_error(session.classify_file(bag + "?"), expected.classify_file(bag + "?"));
    if (same.backend().devices.empty()) {
        expect_same_error(session.forward_on_device(1, 1, 1), expected.forward_on_device(1, 1, 1));
    }
    pixels[5] = NAN;
    EXPECT_TRUE(session.forward(pixels.data(), 1, logits.data()));
    EXPECT_TRUE(session.scores(logits.data()));
    EXPECT_TRUE(std::isnan(logits[0]));
}

TYPED_TEST(InterfaceTest, WhatIsEmptySaysSo) {
    typename TypeParam::Model model;
    typename TypeParam::Session session;
    typename TypeParam::Preprocessor preprocessor;
    EXPECT_FALSE(model);
    EXPECT_FALSE(session);
    EXPECT_FALSE(preprocessor);
    EXPECT_EQ(model.label(0), "");
    EXPECT_EQ(session.threads(), 0);
    EXPECT_EQ(session.max_batch(), 0);
    EXPECT_THAT(session.stage_times(), IsEmpty());
    float value = 0;
    const std::uint8_t byte = 0;
    const ImageView view{&byte, 1, 1, 1};
    expect_same_error(model.save_packed("file"), Model().save_packed("file"));
    expect_same_error(TypeParam::Session::create(model), Session::create(Model()));
    expect_same_error(TypeParam::Session::memory(model), Session::memory(Model()));
    expect_same_error(TypeParam::Preprocessor::create(model), Preprocessor::create(Model()));
    expect_same_error(session.classify(view), Session().classify(view));
    expect_same_error(session.classify_file("file"), Session().classify_file("file"));
    expect_same_error(session.classify(std::vector{view}), Session().classify(std::vector{view}));
    expect_same_error(session.preprocess(view, &value), Session().preprocess(view, &value));
    expect_same_error(session.forward(&value, 1, &value), Session().forward(&value, 1, &value));
    expect_same_error(session.scores(&value), Session().scores(&value));
    expect_same_error(session.forward_on_device(1, 1, 1), Session().forward_on_device(1, 1, 1));
    expect_same_error(preprocessor.run(view, &value), Preprocessor().run(view, &value));
    expect_same_error(preprocessor.read("file", {}, &value), Preprocessor().read("file", {}, &value));
    expect_same_error(preprocessor.decode(&byte, 1, "bytes", {}, &value),
                      Preprocessor().decode(&byte, 1, "bytes", {}, &value));
}

// Calls of a parallel loop, one after the other, on the thread that calls.
void in_order(void *context, int n, void (*task)(void *argument, int i), void *argument) {
    ++*static_cast<std::atomic<int> *>(context);
    for (int i = 0; i < n; i++) task(argument, i);
}

TYPED_TEST(InterfaceTest, RunsOnAnAppsThreads) {
    std::atomic<int> loops = 0;
    ModelOptions of_model;
    of_model.threads = 3;
    of_model.parallel_for = {in_order, &loops};
    const auto model = value(TypeParam::Model::load(bundled, of_model));
    EXPECT_GT(loops.exchange(0), 0);
    SessionOptions options;
    options.threads = 3;
    options.parallel_for = {in_order, &loops};
    auto session = value(TypeParam::Session::create(model, options));
    EXPECT_EQ(session.threads(), 3);
    const auto found = value(session.classify_file(bag));
    EXPECT_GT(loops.exchange(0), 0);
    auto expected = value(Session::create(value(Model::load(bundled)), {.threads = 1}));
    EXPECT_EQ(pairs(found), pairs(value(expected.classify_file(bag))));
    auto preprocessor = value(TypeParam::Preprocessor::create(model, 3, {in_order, &loops}));
    const Architecture a = model.architecture();
    std::vector<float> pixels(static_cast<std::size_t>(a.channels) * a.image_height * a.image_width);
    EXPECT_TRUE(preprocessor.read(bag, {}, pixels.data()));
    EXPECT_GT(loops, 0);
}

TYPED_TEST(InterfaceTest, TellsProgressAndCanBeGivenUp) {
    struct App {
        std::vector<double> done;
        double most = 2;
    } app;
    ModelOptions options;
    options.progress = {[](void *context, double done) {
                            App &told = *static_cast<App *>(context);
                            told.done.push_back(done);
                            return done < told.most;
                        },
                        &app};
    EXPECT_TRUE(TypeParam::Model::load(bundled, options));
    ASSERT_GE(app.done.size(), 2u);
    EXPECT_EQ(app.done.front(), 0);
    EXPECT_EQ(app.done.back(), 1);
    EXPECT_TRUE(std::is_sorted(app.done.begin(), app.done.end()));
    app.most = 0;
    expect_error(TypeParam::Model::load(bundled, options), ErrorCode::cancelled, {});

    const auto model = value(TypeParam::Model::load(bundled));
    std::atomic<bool> cancelled = true;
    SessionOptions of_session;
    of_session.cancelled = &cancelled;
    auto session = value(TypeParam::Session::create(model, of_session));
    expect_error(session.classify_file(bag), ErrorCode::cancelled, {});
    cancelled = false;
    EXPECT_TRUE(session.classify_file(bag));
}

TYPED_TEST(InterfaceTest, TopK) {
    const std::vector<float> scores = {0.5f, NAN, 2, 0.5f, -1};
    for (const int k : {-1, 0, 1, 3}) {
        EXPECT_EQ(pairs(TypeParam::top_k(scores, k)),
                  pairs(vit::top_k(scores.data(), static_cast<int>(scores.size()), k)));
    }
    EXPECT_THAT(pairs(TypeParam::top_k(scores, 9)), testing::SizeIs(5));
    EXPECT_THAT(pairs(TypeParam::top_k(scores, 2)), ElementsAre(std::pair(2, 2.0f), std::pair(0, 0.5f)));
    EXPECT_THAT(pairs(TypeParam::top_k({}, 2)), IsEmpty());
}

}  // namespace
}  // namespace vit::test
