// What the C interface has that the C++ interface has not: structs with a size, pointers that may be null,
// and texts.
#include <cstddef>
#include <cstring>
#include <functional>

#include <gmock/gmock.h>

#include "tests/support/c_interface.h"
#include "tests/support/source_directory.h"

namespace vit::test {
namespace {

using testing::HasSubstr;

const std::string bundled = source_directory() + "/models/fashion-mnist";
constexpr const char *tiny = R"({"name": "tiny", "image_height": 16, "image_width": 16, "patch_height": 8,
    "patch_width": 8, "width": 8, "depth": 1, "heads": 2, "mlp_width": 8, "labels": 3})";

using To = vit_error **;  // where an error goes

// The sentence of what has to be refused as an argument.
std::string refusal(const std::function<void(vit_error **)> &call) {
    vit_error *error = nullptr;
    call(&error);
    EXPECT_EQ(vit_error_code(error), VIT_ERROR_ARGUMENT) << vit_error_message(error);
    const std::string sentence = vit_error_message(error);
    EXPECT_NE(sentence, "");
    vit_error_free(error);
    call(nullptr);  // nobody has to listen
    return sentence;
}

// Options as usual: all zero but their size.
template<typename Struct>
Struct usual(std::size_t size = sizeof(Struct)) {
    Struct its{};
    its.size = size;
    return its;
}

vit_image_view view_of(const std::uint8_t *pixels, int width, int height, int channels = 3) {
    vit_image_view view = usual<vit_image_view>();
    view.data = pixels;
    view.width = width;
    view.height = height;
    view.channels = channels;
    return view;
}

using Model = c::Owned<vit_model, vit_model_free>;
using Session = c::Owned<vit_session, vit_session_free>;

class CInterface : public testing::Test {
protected:
    const Model model_{vit_model_random(tiny, 0, nullptr, nullptr)};
    const Session session_{vit_session_new(model_.get(), nullptr, nullptr)};
    void SetUp() override {
        ASSERT_TRUE(model_);
        ASSERT_TRUE(session_);
    }
};

// ---- Structs with a size ----

// What an older version of the header had ends earlier: what it lacks is as usual, whatever lies behind it.
TEST_F(CInterface, OlderStructsAreFilledUp) {
    vit_session_options options;
    std::memset(static_cast<void *>(&options), 0xff, sizeof(options));
    options.size = offsetof(vit_session_options, parallel_for);
    options.threads = 1;
    options.max_batch = 3;
    const Session session(vit_session_new(model_.get(), &options, nullptr));
    ASSERT_TRUE(session);
    EXPECT_EQ(vit_session_max_batch(session.get()), 3);
    options.size = offsetof(vit_session_options, threads);
    const Session usual(vit_session_new(model_.get(), &options, nullptr));
    ASSERT_TRUE(usual);
    EXPECT_EQ(vit_session_max_batch(usual.get()), 1);

    vit_model_options of_model;
    std::memset(static_cast<void *>(&of_model), 0xff, sizeof(of_model));
    of_model.size = offsetof(vit_model_options, backend);
    EXPECT_TRUE(Model(vit_model_random(tiny, 0, &of_model, nullptr)));

    const std::uint8_t pixels[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    vit_image_view view;
    std::memset(static_cast<void *>(&view), 0xff, sizeof(view));
    view.data = pixels;
    view.width = view.height = 2;
    view.channels = 3;
    view.order = VIT_ORDER_RGB;
    view.size = offsetof(vit_image_view, row_stride);
    const c::Owned<vit_image, vit_image_free> image(vit_image_from_pixels(&view, nullptr));
    ASSERT_TRUE(image);
    EXPECT_EQ(std::memcmp(vit_image_data(image.get()), pixels, 12), 0);
}

template<typename Struct>
struct Newer {
    Struct known;
    void *later[3];
};

TEST_F(CInterface, NewerStructsAreTakenAsFarAsTheyAreKnown) {
    Newer<vit_session_options> options{};
    options.known.size = sizeof(options);
    options.known.max_batch = 2;
    const Session session(vit_session_new(model_.get(), &options.known, nullptr));
    ASSERT_TRUE(session);
    EXPECT_EQ(vit_session_max_batch(session.get()), 2);
    options.later[2] = &options;
    EXPECT_THAT(refusal([&](vit_error **error) { vit_session_new(model_.get(), &options.known, error); }),
                HasSubstr("vit_session_options: this version, " + std::string(vit_version())));

    Newer<vit_image_view> view{};
    view.known.size = sizeof(view);
    view.later[1] = &view;
    const std::uint8_t pixel = 7;
    const vit_image_view grey = view_of(&pixel, 1, 1, 1);
    const c::Owned<vit_image, vit_image_free> image(vit_image_from_pixels(&grey, nullptr));
    ASSERT_EQ(vit_image_as_view(image.get(), &view.known, nullptr), VIT_OK);
    EXPECT_EQ(view.later[1], nullptr);
    EXPECT_EQ(view.known.size, sizeof(view));
    EXPECT_EQ(view.known.width, 1);
}

// Not a byte beyond its size is written to.
TEST_F(CInterface, OlderStructsAreNotOverrun) {
    vit_image_view view;
    std::memset(static_cast<void *>(&view), 0x5a, sizeof(view));
    view.size = offsetof(vit_image_view, row_stride);
    const std::uint8_t pixel = 7;
    const vit_image_view grey = view_of(&pixel, 1, 1, 1);
    const c::Owned<vit_image, vit_image_free> image(vit_image_from_pixels(&grey, nullptr));
    ASSERT_EQ(vit_image_as_view(image.get(), &view, nullptr), VIT_OK);
    EXPECT_EQ(view.channels, 3);
    for (std::size_t i = view.size; i < sizeof(view); i++) {
        EXPECT_EQ(reinterpret_cast<const unsigned char *>(&view)[i], 0x5a);
    }
}

TEST_F(CInterface, SizesThatNoVersionHasAreRefused) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{7}, sizeof(void *) + 1,
                                   sizeof(vit_session_options) - 4, std::size_t{1} << 20, SIZE_MAX,
                                   SIZE_MAX - 7}) {
        const auto named = [&](const std::string &name) {
            return HasSubstr(name + ": its size is " + std::to_string(size));
        };
        const auto of_session = usual<vit_session_options>(size);
        const auto of_preprocessor = usual<vit_preprocessor_options>(size);
        const auto of_model = usual<vit_model_options>(size);
        const auto of_image = usual<vit_image_options>(size);
        const auto accuracy = usual<vit_accuracy>(size);
        const auto view = usual<vit_image_view>(size);
        EXPECT_THAT(refusal([&](To e) { vit_session_new(model_.get(), &of_session, e); }),
                    named("vit_session_options"));
        EXPECT_THAT(refusal([&](To e) { vit_preprocessor_new(model_.get(), &of_preprocessor, e); }),
                    named("vit_preprocessor_options"));
        EXPECT_THAT(refusal([&](To e) { vit_model_random(tiny, 0, &of_model, e); }),
                    named("vit_model_options"));
        EXPECT_THAT(refusal([&](To e) { vit_image_read("file", &of_image, e); }),
                    named("vit_image_options"));
        EXPECT_THAT(refusal([&](To e) {
                        vit_model_save_packed(model_.get(), "/dev/null", &accuracy, e);
                    }),
                    named("vit_accuracy"));
        EXPECT_THAT(refusal([&](To e) { vit_image_from_pixels(&view, e); }),
                    named("vit_image_view"));
    }
}

TEST_F(CInterface, ValuesThatAreNotKnownAreRefused) {
    auto of_image = usual<vit_image_options>();
    const auto read = [&](vit_error **error) { vit_image_read("file", &of_image, error); };
    of_image.alpha = 2;
    EXPECT_EQ(refusal(read), "alpha is 2, outside 0 to 1");
    of_image.alpha = 0;
    of_image.reserved = 1;
    EXPECT_THAT(refusal(read), HasSubstr("reserved is 1"));

    auto of_model = usual<vit_model_options>();
    const auto random = [&](vit_error **error) { vit_model_random(tiny, 0, &of_model, error); };
    of_model.precision = 6;
    EXPECT_EQ(refusal(random), "precision is 6, outside 0 to 5");
    of_model.precision = 0;
    of_model.reserved = -1;
    EXPECT_THAT(refusal(random), HasSubstr("reserved is -1"));

    auto of_preprocessor = usual<vit_preprocessor_options>();
    of_preprocessor.reserved = 1;
    EXPECT_THAT(refusal([&](vit_error **error) {
                    vit_preprocessor_new(model_.get(), &of_preprocessor, error);
                }),
                HasSubstr("reserved is 1"));

    const std::uint8_t pixel = 7;
    vit_image_view view = view_of(&pixel, 1, 1, 1);
    view.order = -1;
    EXPECT_EQ(refusal([&](vit_error **error) { vit_image_from_pixels(&view, error); }),
              "order is -1, outside 0 to 1");
}

// ---- Null ----

TEST_F(CInterface, NullIsAnErrorAndFreeingItIsNot) {
    static constexpr vit_code wrong = VIT_ERROR_ARGUMENT;
    float value = 0;
    std::int32_t count = 0;
    vit_prediction best{};
    auto accuracy = usual<vit_accuracy>();
    const std::uint8_t pixel[3] = {};
    const vit_image_view view = view_of(pixel, 1, 1);
    auto written = usual<vit_image_view>();
    const vit_named_bytes nameless{nullptr, pixel, 1};
    vit_model *const model = model_.get();
    vit_session *const session = session_.get();
    const std::vector<std::function<void(vit_error **)>> calls = {
        [](To e) { EXPECT_FALSE(vit_architecture_named(nullptr, e)); },
        [](To e) { EXPECT_LT(vit_flop(nullptr, e), 0); },
        [](To e) { EXPECT_LT(vit_parameters(nullptr, e), 0); },
        [](To e) { EXPECT_FALSE(vit_image_read(nullptr, nullptr, e)); },
        [](To e) { EXPECT_FALSE(vit_image_from_pixels(nullptr, e)); },
        [](To e) { EXPECT_FALSE(vit_image_copy(nullptr, e)); },
        [&](To e) { EXPECT_EQ(vit_image_as_view(nullptr, &written, e), wrong); },
        [](To e) { EXPECT_FALSE(vit_model_load(nullptr, nullptr, e)); },
        [](To e) { EXPECT_FALSE(vit_model_load_bytes(nullptr, 1, nullptr, nullptr, e)); },
        [&](To e) { EXPECT_FALSE(vit_model_load_bytes(&nameless, 1, nullptr, nullptr, e)); },
        [](To e) { EXPECT_FALSE(vit_model_random(nullptr, 0, nullptr, e)); },
        [](To e) { EXPECT_FALSE(vit_model_copy(nullptr, e)); },
        [](To e) { EXPECT_EQ(vit_model_save_packed(nullptr, "f", nullptr, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_model_save_packed(model, nullptr, nullptr, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_model_accuracy(nullptr, &accuracy, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_model_accuracy(model, &accuracy, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_model_draft(nullptr, &count, &count, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_model_draft(model, nullptr, &count, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_model_draft(model, &count, nullptr, e), wrong); },
        [](To e) { EXPECT_FALSE(vit_preprocessor_new(nullptr, nullptr, e)); },
        [&](To e) { EXPECT_EQ(vit_preprocessor_run(nullptr, &view, &value, e), wrong); },
        [&](To e) {
            EXPECT_EQ(vit_preprocessor_read(nullptr, "f", nullptr, &value, e), wrong);
        },
        [&](To e) {
            EXPECT_EQ(vit_preprocessor_decode(nullptr, pixel, 1, nullptr, nullptr, &value, e),
                      wrong);
        },
        [](To e) { EXPECT_FALSE(vit_session_new(nullptr, nullptr, e)); },
        [](To e) { EXPECT_LT(vit_session_memory(nullptr, nullptr, e), 0); },
        [&](To e) { EXPECT_EQ(vit_session_classify(nullptr, &view, 1, &best, &count, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_session_classify(session, nullptr, 1, &best, &count, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_session_classify(session, &view, 1, nullptr, &count, e), wrong); },
        [&](To e) {
            EXPECT_EQ(vit_session_classify_file(session, nullptr, 1, nullptr, &best, &count, e),
                      wrong);
        },
        [&](To e) {
            EXPECT_EQ(vit_session_classify_file(session, "f", 1, nullptr, nullptr, &count, e),
                      wrong);
        },
        [&](To e) {
            EXPECT_EQ(vit_session_classify_batch(session, nullptr, 1, 1, &best, &count, e), wrong);
        },
        [&](To e) {
            EXPECT_EQ(vit_session_classify_batch(session, nullptr, -1, 1, &best, &count, e), wrong);
        },
        [&](To e) {
            const vit_image_view *const views[] = {&view, nullptr};
            EXPECT_EQ(vit_session_classify_batch(session, views, 2, 1, &best, &count, e), wrong);
        },
        [&](To e) { EXPECT_EQ(vit_session_preprocess(nullptr, &view, &value, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_session_preprocess(session, nullptr, &value, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_session_preprocess(session, &view, nullptr, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_session_forward(nullptr, &value, 1, &value, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_session_forward(session, nullptr, 1, &value, e), wrong); },
        [&](To e) { EXPECT_EQ(vit_session_scores(nullptr, &value, e), wrong); },
        [](To e) { EXPECT_EQ(vit_session_forward_on_device(nullptr, 1, 1, 1, e), wrong); },
        [](To e) { EXPECT_FALSE(vit_session_stage_times(nullptr, e)); },
    };
    for (const auto &call : calls) refusal(call);

    EXPECT_EQ(vit_image_width(nullptr) + vit_image_height(nullptr), 0);
    EXPECT_FALSE(vit_image_data(nullptr));
    EXPECT_EQ(vit_model_labels(nullptr) + vit_model_channels(nullptr), 0);
    EXPECT_EQ(vit_model_image_height(nullptr) + vit_model_image_width(nullptr), 0);
    EXPECT_STREQ(vit_model_architecture(nullptr), "{}");
    EXPECT_STREQ(vit_model_label(nullptr, 0), "");
    EXPECT_FALSE(vit_model_backend(nullptr));
    EXPECT_EQ(vit_model_precision(nullptr), VIT_PRECISION_UNSET);
    EXPECT_FALSE(vit_model_has_accuracy(nullptr));
    EXPECT_EQ(vit_session_threads(nullptr) + vit_session_max_batch(nullptr), 0);
    EXPECT_EQ(vit_backends_count(nullptr) + vit_image_formats_count(nullptr), 0);
    EXPECT_EQ(vit_stage_times_count(nullptr), 0);
    EXPECT_FALSE(vit_backends_at(nullptr, 0));
    EXPECT_FALSE(vit_stage_times_at(nullptr, 0));
    EXPECT_FALSE(vit_image_formats_name(nullptr, 0));
    EXPECT_FALSE(vit_image_formats_decoder(nullptr, 0));
    EXPECT_FALSE(vit_cancellation_is_set(nullptr));
    vit_cancellation_set(nullptr, 1);
    EXPECT_EQ(vit_top_k(nullptr, 3, 1, &best), 0);
    EXPECT_EQ(vit_top_k(&value, 1, 1, nullptr), 0);

    vit_error_free(nullptr);
    vit_string_free(nullptr);
    vit_image_free(nullptr);
    vit_model_free(nullptr);
    vit_session_free(nullptr);
    vit_preprocessor_free(nullptr);
    vit_backends_free(nullptr);
    vit_image_formats_free(nullptr);
    vit_stage_times_free(nullptr);
    vit_cancellation_free(nullptr);
}

// ---- Texts ----

TEST_F(CInterface, TextsOfArchitectures) {
    // What comes out goes in.
    const std::string text = vit_model_architecture(model_.get());
    EXPECT_THAT(text, HasSubstr(R"("name":"tiny")"));
    const Model again(vit_model_random(text.c_str(), 0, nullptr, nullptr));
    ASSERT_TRUE(again);
    EXPECT_EQ(vit_model_architecture(again.get()), text);

    for (const auto &refused : std::vector<std::pair<const char *, const char *>>{
             {"", "architecture: is not valid JSON"},
             {"[]", "architecture: is not a JSON object"},
             {R"({"widht": 8})", "architecture: there is no field 'widht'"},
             {R"({"width": "8"})", "architecture: width"},
             {R"({"width": 0})", "architecture: width"},
             {R"({"width": 8, "heads": 3})", "architecture: width 8 is no multiple of heads 3"},
             {R"({"activation": "step"})", "architecture: activation is 'step', which is not known"},
             {R"({"width": 8, "width": 8})", "architecture: key 'width' appears twice"}}) {
        const char *const wrong = refused.first, *const sentence = refused.second;
        EXPECT_THAT(refusal([&](To e) { vit_model_random(wrong, 0, nullptr, e); }),
                    HasSubstr(sentence));
        EXPECT_THAT(refusal([&](To e) { vit_flop(wrong, e); }), HasSubstr(sentence));
        EXPECT_THAT(refusal([&](To e) { vit_parameters(wrong, e); }), HasSubstr(sentence));
    }
}

TEST_F(CInterface, AnErrorIsSetAtEveryCall) {
    vit_error *error = nullptr;
    EXPECT_LT(vit_flop("", &error), 0);
    ASSERT_TRUE(error);
    vit_error_free(error);
    EXPECT_GT(vit_flop("{}", &error), 0);  // what was there is not looked at
    EXPECT_FALSE(error);
}

}  // namespace
}  // namespace vit::test
