// Models, sessions and preprocessors of nothing: default-constructed, or moved from.
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

const std::string bundled = source_directory() + "/models/fashion-mnist";

static_assert(std::is_nothrow_default_constructible_v<Model> && std::is_copy_constructible_v<Model> &&
              std::is_copy_assignable_v<Model> && std::is_nothrow_move_constructible_v<Model>);
static_assert(std::is_nothrow_default_constructible_v<Session> && !std::is_copy_constructible_v<Session> &&
              std::is_nothrow_move_assignable_v<Session>);
static_assert(std::is_nothrow_default_constructible_v<Preprocessor> &&
              !std::is_copy_constructible_v<Preprocessor>);

void expect_empty(const Model &model) {
    EXPECT_FALSE(model);
    EXPECT_EQ(model.architecture().labels, 0);
    EXPECT_TRUE(model.architecture().name.empty());
    EXPECT_TRUE(model.label(0).empty());
    EXPECT_TRUE(model.backend().name.empty());
    EXPECT_FALSE(model.backend().supported);
    EXPECT_EQ(model.precision(), Precision::f32);
    EXPECT_FALSE(model.accuracy());
    EXPECT_EQ(model.draft({.draft_width = 7}).draft_width, 0);
    const TemporaryDirectory directory;
    expect_error(model.save_packed(directory.file("packed")), ErrorCode::argument, {"the model is empty"});
    expect_error(Session::create(model), ErrorCode::argument, {"the model is empty"});
    expect_error(Session::memory(model), ErrorCode::argument, {"the model is empty"});
    expect_error(Preprocessor::create(model), ErrorCode::argument, {"the model is empty"});
}

void expect_empty(Session &session) {
    float value = 0;
    const std::uint8_t pixel[3] = {};
    const ImageView view{pixel, 1, 1};
    EXPECT_FALSE(session);
    EXPECT_EQ(session.threads(), 0);
    EXPECT_EQ(session.max_batch(), 0);
    EXPECT_TRUE(session.stage_times().empty());
    const std::vector<std::string> empty{"the session is empty"};
    expect_error(session.classify(view), ErrorCode::argument, empty);
    expect_error(session.classify(std::vector<ImageView>{view}), ErrorCode::argument, empty);
    expect_error(session.classify_file("none"), ErrorCode::argument, empty);
    expect_error(session.preprocess(view, &value), ErrorCode::argument, empty);
    expect_error(session.forward(&value, 1, &value), ErrorCode::argument, empty);
    expect_error(session.scores(&value), ErrorCode::argument, empty);
    expect_error(session.forward_on_device(1, 1, 1), ErrorCode::argument, empty);
}

void expect_empty(Preprocessor &preprocessor) {
    float value = 0;
    const std::uint8_t pixel[3] = {};
    EXPECT_FALSE(preprocessor);
    const std::vector<std::string> empty{"the preprocessor is empty"};
    expect_error(preprocessor.run({pixel, 1, 1}, &value), ErrorCode::argument, empty);
    expect_error(preprocessor.read("none", {}, &value), ErrorCode::argument, empty);
    expect_error(preprocessor.decode(pixel, 3, "none", {}, &value), ErrorCode::argument, empty);
}

TEST(Empty, IsWhatIsDefaultConstructed) {
    expect_empty(Model());
    Session session;
    expect_empty(session);
    Preprocessor preprocessor;
    expect_empty(preprocessor);
}

TEST(Empty, IsWhatIsMovedFrom) {
    auto loaded = Model::load(bundled);
    ASSERT_TRUE(loaded) << loaded.error().message;
    Model model = *loaded;
    EXPECT_EQ(&model.architecture(), &loaded->architecture()) << "copies share";
    const Model moved = std::move(model);
    expect_empty(model);
    ASSERT_TRUE(moved);

    auto created = Session::create(moved, {.threads = 1});
    ASSERT_TRUE(created) << created.error().message;
    Session session;
    session = std::move(*created);
    expect_empty(*created);
    EXPECT_TRUE(session);
    EXPECT_EQ(session.threads(), 1);

    auto made = Preprocessor::create(moved);
    ASSERT_TRUE(made) << made.error().message;
    Preprocessor preprocessor;
    preprocessor = std::move(*made);
    expect_empty(*made);
    EXPECT_TRUE(preprocessor);
}

}  // namespace
}  // namespace vit::test
