#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/tensor_files.h"
#include "tests/support/expect_error.h"
#include "tests/support/hf_vit_writer.h"

namespace vit {
namespace {

using test::expect_error;
using test::hf_vit;
using test::HfVit;
using test::NamedTensor;
using test::Random;
using test::safetensors_file;
using test::TemporaryDirectory;
using test::tiny_architecture;

// A directory of two shards and their index, to be spoilt.
struct Shards {
    nlohmann::json index;
    std::vector<NamedTensor> first, second;

    static constexpr const char *names[] = {"model-00001-of-00002.safetensors",
                                            "model-00002-of-00002.safetensors"};

    explicit Shards(const HfVit &vit) {
        for (std::size_t i = 0; i < vit.tensors.size(); i++) {
            (i % 2 ? second : first).push_back(vit.tensors[i]);
            index["weight_map"][vit.tensors[i].name] = names[i % 2];
        }
    }
    void write(const HfVit &vit, const TemporaryDirectory &directory) const {
        vit.write(directory);
        directory.remove("model.safetensors");
        directory.write("model.safetensors.index.json", index.dump());
        directory.write(names[0], safetensors_file(first));
        directory.write(names[1], safetensors_file(second));
    }
};

TEST(TensorFiles, TakesFromShards) {
    Random random;
    const HfVit vit = hf_vit(tiny_architecture(), random);
    TemporaryDirectory directory;
    Shards(vit).write(vit, directory);
    auto files = TensorFiles::open(DirectoryFiles(directory.path()));
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(files->storage().size(), 2u);
    EXPECT_EQ(files->tensors().size(), vit.tensors.size());
    for (const NamedTensor &written : vit.tensors) {
        const auto tensor = files->take(written.name, written.shape);
        ASSERT_TRUE(tensor) << tensor.error().message;
        EXPECT_EQ(test::decode(*tensor), written.values) << written.name;
    }
    EXPECT_TRUE(read_checkpoint(directory.path()));
}

TEST(TensorFiles, PrefersTheSingleFile) {
    Random random;
    const HfVit vit = hf_vit(tiny_architecture(), random);
    TemporaryDirectory directory;
    Shards(vit).write(vit, directory);
    directory.write("model.safetensors", safetensors_file(vit.tensors));
    const auto files = TensorFiles::open(DirectoryFiles(directory.path()));
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(files->storage().size(), 1u);
}

TEST(TensorFiles, KnowsWhatNobodyTook) {
    TemporaryDirectory directory;
    directory.write("model.safetensors",
                    safetensors_file(
                        {{"taken", {1}, {1}}, {"ignored", {1}, {2}}, {"left", {2, 1}, {3, 4}}}));
    auto files = TensorFiles::open(DirectoryFiles(directory.path()));
    ASSERT_TRUE(files) << files.error().message;
    ASSERT_TRUE(files->take("taken", {1}));
    const auto ignorable = [](std::string_view name) { return name == "ignored"; };
    expect_error(files->check_all_taken(ignorable), ErrorCode::tensor,
                 {directory.path() + "/model.safetensors", "'left'", "[2, 1]", "not known"});
    ASSERT_TRUE(files->take("left", {2, 1}));
    EXPECT_TRUE(files->check_all_taken(ignorable));
}

TEST(TensorFiles, RefusesBadShards) {
    Random random;
    const std::string other = Shards::names[1];
    struct {
        const char *what;
        std::function<void(Shards &)> spoil;
        ErrorCode code;
        std::vector<std::string> named;
    } const cases[] = {
        {"a path upwards",
         [](Shards &s) { s.index["weight_map"]["classifier.bias"] = "../x.safetensors"; },
         ErrorCode::config,
         {"index.json", "weight_map", "classifier.bias", "../x.safetensors"}},
        {"an absolute path",
         [](Shards &s) { s.index["weight_map"]["classifier.bias"] = "/x"; },
         ErrorCode::config,
         {"index.json", "weight_map", "'/x'"}},
        {"the directory",
         [](Shards &s) { s.index["weight_map"]["classifier.bias"] = ".."; },
         ErrorCode::config,
         {"index.json", "weight_map", "'..'"}},
        {"no name",
         [](Shards &s) { s.index["weight_map"]["classifier.bias"] = ""; },
         ErrorCode::config,
         {"weight_map"}},
        {"a number",
         [](Shards &s) { s.index["weight_map"]["classifier.bias"] = 7; },
         ErrorCode::config,
         {"weight_map"}},
        {"a null byte",
         [](Shards &s) { s.index["weight_map"]["classifier.bias"] = std::string("a\0b", 3); },
         ErrorCode::config,
         {"weight_map", "a\\x00b"}},
        {"no map",
         [](Shards &s) {
             s.index = {{"metadata", {}}};
         },
         ErrorCode::config,
         {"index.json", "weight_map"}},
        {"an empty map",
         [](Shards &s) { s.index["weight_map"] = nlohmann::json::object(); },
         ErrorCode::tensor,
         {"index.json", "vit.embeddings.cls_token"}},
        {"a list", [](Shards &s) { s.index = nlohmann::json::array(); }, ErrorCode::config, {"index.json"}},
        {"a shard that is missing",
         [](Shards &s) {
             for (auto *shard : {&s.first, &s.second}) {
                 std::erase_if(*shard,
                               [](const NamedTensor &tensor) { return tensor.name == "classifier.bias"; });
             }
             s.index["weight_map"]["classifier.bias"] = "none.safetensors";
         },
         ErrorCode::io,
         {"/none.safetensors"}},
        {"the wrong shard",
         [&](Shards &s) { s.index["weight_map"][s.first.front().name] = other; },
         ErrorCode::tensor,
         {Shards::names[0], "vit.embeddings.cls_token", other}},
        {"a tensor in two shards",
         [](Shards &s) { s.second.push_back(s.first.front()); },
         ErrorCode::tensor,
         {other, "vit.embeddings.cls_token", Shards::names[0]}},
        {"a tensor in no shard",
         [](Shards &s) { s.first.erase(s.first.begin()); },
         ErrorCode::tensor,
         {Shards::names[0], "vit.embeddings.cls_token", "missing"}},
        {"a tensor not in the map",
         [](Shards &s) { s.index["weight_map"].erase("classifier.bias"); },
         ErrorCode::tensor,
         {"classifier.bias", "weight_map"}},
    };
    for (const auto &bad : cases) {
        SCOPED_TRACE(bad.what);
        const HfVit vit = hf_vit(tiny_architecture(), random);
        Shards shards(vit);
        bad.spoil(shards);
        TemporaryDirectory directory;
        shards.write(vit, directory);
        expect_error(read_checkpoint(directory.path()), bad.code, bad.named);
    }
}

}  // namespace
}  // namespace vit
