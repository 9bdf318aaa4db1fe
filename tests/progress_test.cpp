// How far loading has come, as an app is told, and loading that the app gives up.
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

const std::string bundled = source_directory() + "/models/fashion-mnist";

// What is told, and when it is enough.
struct Bar {
    std::vector<double> told = {};
    std::size_t most = static_cast<std::size_t>(-1);

    Progress progress() {
        return {[](void *context, double done) {
                    Bar &its = *static_cast<Bar *>(context);
                    its.told.push_back(done);
                    return its.told.size() < its.most;
                },
                this};
    }
};

// Ways to a model that take the options.
struct Way {
    std::string name;
    std::size_t least;  // how often it tells at least
    std::function<Result<Model>(ModelOptions)> load;
};

std::vector<Way> ways(const TemporaryDirectory &directory) {
    const auto model = Model::load(bundled);
    EXPECT_TRUE(model) << model.error().message;
    const std::string packed = directory.file("packed");
    const auto saved = model->save_packed(packed);
    EXPECT_TRUE(saved) << saved.error().message;
    const auto load = [=](bool map, bool verify) {
        return [=](ModelOptions options) {
            options.map = map;
            options.verify = verify;
            return Model::load(packed, options);
        };
    };
    Architecture a;
    a.image_height = a.image_width = 32;
    a.patch_height = a.patch_width = 8;
    a.width = 64, a.depth = 8, a.heads = 2, a.mlp_width = 128, a.labels = 10;
    return {{"directory", 32, [](ModelOptions options) { return Model::load(bundled, options); }},
            {"random", 32, [=](ModelOptions options) { return Model::random(a, 1, options); }},
            {"packed, mapped and verified", 3, load(true, true)},
            {"packed, mapped", 2, load(true, false)},
            {"packed, read and verified", 4, load(false, true)},
            {"packed, read", 3, load(false, false)}};
}

TEST(LoadingTells, FromNothingToAllAndNeverBack) {
    const TemporaryDirectory directory;
    for (const Way &way : ways(directory)) {
        SCOPED_TRACE(way.name);
        Bar bar;
        const auto model = way.load({.progress = bar.progress()});
        ASSERT_TRUE(model) << model.error().message;
        ASSERT_GE(bar.told.size(), way.least);
        EXPECT_LE(bar.told.size(), 140u);
        EXPECT_EQ(bar.told.front(), 0);
        EXPECT_EQ(bar.told.back(), 1);
        for (std::size_t i = 1; i < bar.told.size(); i++) EXPECT_GE(bar.told[i], bar.told[i - 1]) << i;
    }
}

TEST(LoadingTells, AndStopsWhenToldTo) {
    const TemporaryDirectory directory;
    for (const Way &way : ways(directory)) {
        SCOPED_TRACE(way.name);
        Bar all;
        ASSERT_TRUE(way.load({.progress = all.progress()}));
        for (std::size_t most = 1; most <= all.told.size(); most++) {
            Bar bar;
            bar.most = most;
            expect_error(way.load({.progress = bar.progress()}), ErrorCode::cancelled, {"cancelled"});
            EXPECT_EQ(bar.told.size(), most) << "asked again";
        }
    }
}

}  // namespace
}  // namespace vit::test
