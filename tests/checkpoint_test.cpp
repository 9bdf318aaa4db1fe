#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "runtime/checkpoint/checkpoint.h"
#include "tests/support/expect_error.h"
#include "tests/support/hf_vit_writer.h"
#include "tests/support/source_directory.h"

namespace vit {
namespace {

using test::expect_error;
using test::hf_vit;
using test::HfVit;
using test::NamedTensor;
using test::Names;
using test::Random;
using test::safetensors_file;
using test::TemporaryDirectory;
using test::tiny_architecture;

void expect_tensor(const Tensor &read, HfVit &written, const std::string &name, DType dtype) {
    SCOPED_TRACE(name);
    const NamedTensor &expected = written.tensor(name);
    ASSERT_TRUE(read);
    EXPECT_EQ(read.name, name);
    EXPECT_EQ(read.dtype, dtype);
    std::vector<std::int64_t> shape = expected.shape;  // the file may have ones in front of the slot's
    while (shape.size() > read.shape.size() && shape.front() == 1) shape.erase(shape.begin());
    EXPECT_EQ(read.shape, shape);
    std::vector<float> values = expected.values;
    for (float &value : values) {
        if (dtype == DType::f16) value = test::from_f16(test::to_f16(value));
        if (dtype == DType::bf16) value = test::from_bf16(test::to_bf16(value));
    }
    EXPECT_EQ(test::decode(read), values);
}

// Each tensor of the canonical form holds what was written under the name that transformers has for it.
void expect_weights(const Checkpoint &c, HfVit &written, Names names, DType dtype) {
    const auto expect = [&](Slot slot, int index, const std::string &name) {
        expect_tensor(c.tensor(slot, index), written, name, dtype);
    };
    const auto expect_both = [&](Slot weight, Slot bias, int index, const std::string &name,
                                 bool has_bias = true) {
        expect(weight, index, name + ".weight");
        if (has_bias) {
            expect(bias, index, name + ".bias");
        } else {
            EXPECT_FALSE(c.tensor(bias, index)) << name;
        }
    };
    expect(Slot::class_token, 0, "vit.embeddings.cls_token");
    expect(Slot::positions, 0, "vit.embeddings.position_embeddings");
    expect_both(Slot::patch_weight, Slot::patch_bias, 0, "vit.embeddings.patch_embeddings.projection");
    for (int i = 0; i < c.architecture.depth; i++) {
        const bool published = names == Names::published;
        const std::string at = (published ? "vit.encoder.layer." : "vit.layers.") + std::to_string(i) + ".";
        const std::string attention = at + (published ? "attention.attention." : "attention.");
        const bool bias = c.architecture.qkv_bias;
        expect_both(Slot::norm1_gamma, Slot::norm1_beta, i, at + "layernorm_before");
        expect_both(Slot::query_weight, Slot::query_bias, i,
                    attention + (published ? "query" : "q_proj"), bias);
        expect_both(Slot::key_weight, Slot::key_bias, i, attention + (published ? "key" : "k_proj"), bias);
        expect_both(Slot::value_weight, Slot::value_bias, i,
                    attention + (published ? "value" : "v_proj"), bias);
        expect_both(Slot::proj_weight, Slot::proj_bias, i,
                    at + (published ? "attention.output.dense" : "attention.o_proj"));
        expect_both(Slot::norm2_gamma, Slot::norm2_beta, i, at + "layernorm_after");
        expect_both(Slot::fc1_weight, Slot::fc1_bias, i,
                    at + (published ? "intermediate.dense" : "mlp.fc1"));
        expect_both(Slot::fc2_weight, Slot::fc2_bias, i, at + (published ? "output.dense" : "mlp.fc2"));
    }
    expect_both(Slot::norm_gamma, Slot::norm_beta, 0, "vit.layernorm");
    expect_both(Slot::head_weight, Slot::head_bias, 0, "classifier");
}

TEST(Checkpoint, ReadsBothGenerationsOfNamesInEveryType) {
    Random random;
    for (const Names names : {Names::published, Names::in_memory}) {
        for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
            for (const bool qkv_bias : {true, false}) {
                Architecture a = tiny_architecture();
                a.qkv_bias = qkv_bias;
                HfVit vit = hf_vit(a, random, names, dtype);
                TemporaryDirectory directory;
                vit.write(directory);
                const auto checkpoint = read_checkpoint(directory.path());
                ASSERT_TRUE(checkpoint) << checkpoint.error().message;
                expect_weights(*checkpoint, vit, names, dtype);
                EXPECT_EQ(checkpoint->architecture.qkv_bias, qkv_bias);
                EXPECT_EQ(checkpoint->architecture.width, a.width);
                EXPECT_EQ(checkpoint->architecture.tokens(), a.tokens());
                EXPECT_EQ(checkpoint->labels, (std::vector<std::string>{"label 0", "label 1", "label 2"}));
                EXPECT_EQ(checkpoint->preprocessing.height, a.image_height);
                EXPECT_EQ(checkpoint->preprocessing.width, a.image_width);
            }
        }
    }
}

TEST(Checkpoint, ReadsMixedTypesAndIgnoresWhatOtherUsesLeave) {
    Random random;
    HfVit vit = hf_vit(tiny_architecture(), random);
    vit.tensor("classifier.weight").dtype = DType::bf16;
    vit.tensor("vit.layernorm.bias").dtype = DType::f16;
    vit.tensors.push_back({"vit.pooler.dense.weight", {10, 10}, std::vector<float>(100, NAN)});
    vit.tensors.push_back({"vit.pooler.dense.bias", {10}, std::vector<float>(10)});
    vit.tensors.push_back({"vit.embeddings.mask_token", {1, 1, 10}, std::vector<float>(10)});
    vit.tensors.push_back({"vit.embeddings.position_ids", {1, 2}, std::vector<float>(2)});
    TemporaryDirectory directory;
    vit.write(directory);
    const auto checkpoint = read_checkpoint(directory.path());
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    expect_tensor(checkpoint->tensor(Slot::head_weight), vit, "classifier.weight", DType::bf16);
    expect_tensor(checkpoint->tensor(Slot::head_bias), vit, "classifier.bias", DType::f32);
    expect_tensor(checkpoint->tensor(Slot::norm_beta), vit, "vit.layernorm.bias", DType::f16);
}

TEST(Checkpoint, OutlivesItsFilesAndIsNamedAfterItsDirectory) {
    Random random;
    HfVit vit = hf_vit(tiny_architecture(), random);
    TemporaryDirectory directory;
    vit.write(directory);
    const auto checkpoint = read_checkpoint(directory.path() + "/");
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->architecture.name, std::filesystem::path(directory.path()).filename());
    directory.remove("model.safetensors");
    expect_weights(*checkpoint, vit, Names::published, DType::f32);
}

TEST(Checkpoint, ReadsTheBundledModel) {
    const auto checkpoint = read_checkpoint(test::source_directory() + "/models/fashion-mnist");
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    const Architecture &a = checkpoint->architecture;
    EXPECT_EQ(a.name, "fashion-mnist");
    EXPECT_EQ(a.width, 128);
    EXPECT_EQ(a.depth, 6);
    EXPECT_EQ(a.heads, 2);
    EXPECT_EQ(a.mlp_width, 384);
    EXPECT_EQ(a.tokens(), 50);
    EXPECT_EQ(a.labels, 10);
    EXPECT_EQ(checkpoint->labels.front(), "T-shirt/top");
    EXPECT_EQ(checkpoint->labels.back(), "Ankle boot");
    EXPECT_TRUE(checkpoint->tensor(Slot::fc2_weight, 5));
    EXPECT_FALSE(checkpoint->tensor(Slot::fc2_weight, 6));
}

struct BadModel {
    const char *what;
    std::function<void(HfVit &)> spoil;
    ErrorCode code;
    std::vector<std::string> named;
};

const std::string block1 = "vit.encoder.layer.1.";

std::vector<BadModel> bad_models() {
    const auto set = [](const char *key, nlohmann::json value) {
        return [=](HfVit &vit) { vit.config[key] = value; };
    };
    const auto add = [](const std::string &name) {
        return [=](HfVit &vit) { vit.tensors.push_back({name, {2, 5}, std::vector<float>(10)}); };
    };
    const auto poison = [](const std::string &name, std::size_t index, float value, DType dtype) {
        return [=](HfVit &vit) {
            vit.tensor(name).values.at(index) = value;
            vit.tensor(name).dtype = dtype;
        };
    };
    return {
        {"an unknown tensor",
         add("vit.encoder.layer.0.lora_A"),
         ErrorCode::tensor,
         {"model.safetensors", "'vit.encoder.layer.0.lora_A'", "[2, 5]", "not known"}},
        {"two unknown tensors",
         [&](HfVit &vit) { add("x")(vit), add("y")(vit); },
         ErrorCode::tensor,
         {"'x'", "1 more"}},
        {"a bias too many", add("vit.embeddings.cls_token.bias"), ErrorCode::tensor, {"cls_token.bias"}},
        {"no classifier",
         [](HfVit &vit) { vit.erase("classifier.weight"), vit.erase("classifier.bias"); },
         ErrorCode::tensor,
         {"classifier.weight", "[3, 10]", "without a classifier"}},
        {"more labels than the classifier",
         set("id2label", {{"0", "a"}, {"1", "b"}, {"2", "c"}, {"3", "d"}}),
         ErrorCode::tensor,
         {"classifier.weight", "[3, 10]", "[4, 10]"}},
        {"fewer layers in the file",
         set("num_hidden_layers", 3),
         ErrorCode::tensor,
         {"2 layers", "num_hidden_layers is 3"}},
        {"more layers in the file",
         set("num_hidden_layers", 1),
         ErrorCode::tensor,
         {"2 layers", "num_hidden_layers is 1"}},
        {"another width", set("hidden_size", 20), ErrorCode::tensor, {"vit.embeddings", "10", "20"}},
        {"another mlp",
         set("intermediate_size", 15),
         ErrorCode::tensor,
         {"intermediate.dense", "[14, 10]", "[15, 10]"}},
        {"another patch", set("patch_size", {4, 3}), ErrorCode::unsupported, {"19 positions", "make 13"}},
        {"another patch of as many positions",
         [](HfVit &vit) {
             vit.config["patch_size"] = {5, 2};
         },
         ErrorCode::tensor,
         {"projection.weight", "[10, 3, 4, 2]", "[10, 3, 5, 2]"}},
        {"another image size",
         [](HfVit &vit) {
             vit.config["image_size"] = {16, 24};
             vit.preprocessor["size"] = {{"height", 16}, {"width", 24}};
         },
         ErrorCode::unsupported,
         {"position_embeddings", "19 positions", "make 49"}},
        {"preprocessing to another size",
         set("image_size", {14, 12}),
         ErrorCode::config,
         {"preprocessor_config.json", "15x12", "14x12"}},
        {"grey pictures",
         set("num_channels", 1),
         ErrorCode::unsupported,
         {"config.json", "num_channels", "1"}},
        {"a bias against qkv_bias",
         set("qkv_bias", false),
         ErrorCode::tensor,
         {"query.bias", "qkv_bias is false"}},
        {"no bias with qkv_bias",
         [](HfVit &vit) { vit.erase(block1 + "attention.attention.key.bias"); },
         ErrorCode::tensor,
         {block1 + "attention.attention.key.bias", "[10]", "missing"}},
        {"no bias",
         [](HfVit &vit) { vit.erase("classifier.bias"); },
         ErrorCode::tensor,
         {"classifier.bias", "[3]"}},
        {"both generations of names",
         [](HfVit &vit) {
             const NamedTensor copy = vit.tensor(block1 + "output.dense.bias");
             vit.tensors.push_back({"vit.layers.1.mlp.fc2.bias", copy.shape, copy.values});
         },
         ErrorCode::tensor,
         {"vit.layers.0.layernorm_before.weight", "missing"}},
        {"a shape turned",
         [](HfVit &vit) {
             vit.tensor(block1 + "output.dense.weight").shape = {14, 10};
         },
         ErrorCode::tensor,
         {block1 + "output.dense.weight", "[14, 10]", "[10, 14]"}},
        {"a shape with one more dimension",
         [](HfVit &vit) {
             vit.tensor("vit.layernorm.bias").shape = {1, 10};
         },
         ErrorCode::tensor,
         {"vit.layernorm.bias", "[1, 10]", "[10]"}},
        {"NaN",
         poison(block1 + "intermediate.dense.weight", 37, NAN, DType::f32),
         ErrorCode::tensor,
         {block1 + "intermediate.dense.weight", "[3, 7]"}},
        {"infinity in F16",
         poison("vit.embeddings.position_embeddings", 25, 1e6f, DType::f16),
         ErrorCode::tensor,
         {"position_embeddings", "[0, 2, 5]"}},
        {"infinity in BF16",
         poison("classifier.bias", 2, -INFINITY, DType::bf16),
         ErrorCode::tensor,
         {"classifier.bias", "[2]"}},
    };
}

TEST(Checkpoint, RefusesContradictions) {
    Random random;
    for (const BadModel &bad : bad_models()) {
        SCOPED_TRACE(bad.what);
        HfVit vit = hf_vit(tiny_architecture(), random);
        bad.spoil(vit);
        TemporaryDirectory directory;
        vit.write(directory);
        std::vector<std::string> named = bad.named;
        named.push_back(directory.path());
        expect_error(read_checkpoint(directory.path()), bad.code, named);
    }
}

// For each tensor: it is needed, its shape matters, and so does every one of its values.
TEST(Checkpoint, MissesEveryTensor) {
    Random random;
    for (const Names names : {Names::published, Names::in_memory}) {
        const HfVit good = hf_vit(tiny_architecture(), random, names);
        for (const NamedTensor &tensor : good.tensors) {
            SCOPED_TRACE(tensor.name);
            HfVit vit = good;
            TemporaryDirectory directory;
            vit.erase(tensor.name);
            vit.write(directory);
            expect_error(read_checkpoint(directory.path()), ErrorCode::tensor,
                         {"model.safetensors", tensor.name, "missing"});

            vit = good;
            vit.tensor(tensor.name).shape.push_back(1);
            vit.write(directory);
            expect_error(read_checkpoint(directory.path()), ErrorCode::tensor,
                         {"model.safetensors", tensor.name, "shape"});

            vit = good;
            vit.tensor(tensor.name).values.back() = NAN;
            vit.write(directory);
            expect_error(read_checkpoint(directory.path()), ErrorCode::tensor,
                         {"model.safetensors", tensor.name, "NaN"});
        }
    }
}

TEST(Checkpoint, RefusesOtherTypes) {
    Random random;
    HfVit vit = hf_vit(tiny_architecture(), random);
    TemporaryDirectory directory;
    vit.write(directory);
    std::string file = safetensors_file(vit.tensors);
    // As many bytes an element, and as many characters: only the type differs.
    const std::size_t entry = file.find("\"classifier.bias\""), type = file.find("\"F32\"", entry);
    directory.write("model.safetensors", file.replace(type, 5, "\"I32\""));
    expect_error(read_checkpoint(directory.path()), ErrorCode::tensor,
                 {"classifier.bias", "'I32'", "F32, F16 or BF16"});
}

TEST(Checkpoint, SaysWhichFileIsMissing) {
    Random random;
    TemporaryDirectory directory;
    const HfVit vit = hf_vit(tiny_architecture(), random);
    expect_error(read_checkpoint(directory.path()), ErrorCode::io, {"/config.json"});
    vit.write(directory);
    directory.remove("preprocessor_config.json");
    expect_error(read_checkpoint(directory.path()), ErrorCode::io,
                 {directory.path(), "preprocessor_config.json"});
    vit.write(directory);
    directory.remove("model.safetensors");
    expect_error(read_checkpoint(directory.path()), ErrorCode::io, {directory.path(), "model.safetensors"});
    directory.write("pytorch_model.bin", "PK");
    expect_error(read_checkpoint(directory.path()), ErrorCode::unsupported,
                 {"/pytorch_model.bin", "pickle", "model.safetensors"});

    expect_error(read_checkpoint(directory.path() + "/none"), ErrorCode::io,
                 {directory.path() + "/none", "no such"});
    expect_error(read_checkpoint(directory.file("config.json")), ErrorCode::io,
                 {"/config.json", "not a directory"});
    expect_error(read_checkpoint(""), ErrorCode::io, {"''", "no such directory"});
    expect_error(read_checkpoint(directory.path() + "/\x1b[2J\xff"), ErrorCode::io, {"\\x1b[2J\\xff"});
    expect_error(read_checkpoint(std::string(5000, 'x') + "/end"), ErrorCode::io, {"...xxx", "/end: "});
}

TEST(Checkpoint, RefusesWhatIsNoFile) {
    Random random;
    TemporaryDirectory directory;
    const HfVit vit = hf_vit(tiny_architecture(), random);
    for (const char *name : {"config.json", "preprocessor_config.json", "model.safetensors"}) {
        SCOPED_TRACE(name);
        vit.write(directory);
        directory.remove(name);
        std::filesystem::create_directory(directory.file(name));
        expect_error(read_checkpoint(directory.path()), ErrorCode::io, {name, "not a regular file"});
        directory.remove(name);
        ASSERT_EQ(mkfifo(directory.file(name).c_str(), 0600),
                  0);  // nobody writes to it: opening it would wait
        expect_error(read_checkpoint(directory.path()), ErrorCode::io, {name, "not a regular file"});
        directory.remove(name);
        std::filesystem::create_symlink("nowhere", directory.file(name));
        expect_error(read_checkpoint(directory.path()), ErrorCode::io, {name, "cannot be opened"});
        directory.remove(name);
        directory.write(name, "");
        expect_error(read_checkpoint(directory.path()), ErrorCode::format, {name});
        directory.write(name, "a text");
        expect_error(read_checkpoint(directory.path()), ErrorCode::format, {name});
        directory.remove(name);
    }
    // A file with a hole takes no space on the disk; it must not take any in memory either.
    vit.write(directory);
    std::filesystem::resize_file(directory.file("config.json"), std::uintmax_t{1} << 34);
    expect_error(read_checkpoint(directory.path()), ErrorCode::format, {"config.json", "too large"});
}

}  // namespace
}  // namespace vit
