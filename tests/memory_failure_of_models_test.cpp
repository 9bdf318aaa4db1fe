// Memory that runs out at any allocation while a model is loaded, made or saved: each call answers as ever
// or returns an error, leaves nothing behind, and the next call works (support/failing_memory.h).
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/failing_calls.h"
#include "tests/support/saved_families.h"
#include "tests/support/temporary_directory.h"

// What a disk takes for each of thousands of files says nothing here.
extern "C" int fsync(int) { return 0; }

namespace vit::test {
namespace {

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

TEST_F(MemoryFailureOfLoading, HuggingFace) {
    fail_every_allocation_of_loading(golden_files + "two-labels");
}
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

// The files of a directory, and a packed one, from memory.
TEST_F(MemoryFailureOfLoading, Bytes) {
    const SavedModel model = timm_model(tiny());
    model.write(directory_);
    const Model right = load(directory_.path());
    ASSERT_TRUE(right.save_packed(directory_.file("packed")));
    const std::string config = content_of(directory_.file("config.json")),
                      tensors = content_of(directory_.file("model.safetensors")),
                      packed = content_of(directory_.file("packed"));
    for (const std::vector<NamedBytes> &files :
         {std::vector<NamedBytes>{{"config.json", config.data(), config.size()},
                                  {"model.safetensors", tensors.data(), tensors.size()}},
          std::vector<NamedBytes>{{"packed", packed.data(), packed.size()}}}) {
        const auto load_them = [&] { return Model::load_bytes(files, one_thread); };
        const auto check = [&](const Model &found) { EXPECT_EQ(logits_of(found), logits_of(right)); };
        EXPECT_GE(fail_every_allocation(load_them, check), 50);
    }
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

class MemoryFailureOfModels : public testing::Test {
protected:
    const std::string path_ = golden_files + "two-labels";
    const Model model_ = load(path_);
    const TemporaryDirectory directory_;
};

TEST_F(MemoryFailureOfModels, LoadPacked) {
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
TEST_F(MemoryFailureOfModels, SavePacked) {
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

TEST_F(MemoryFailureOfModels, Random) {
    Architecture a = model_.architecture();
    const auto random = [&] { return Model::random(a, 7, one_thread); };
    const std::vector<float> logits = logits_of(*random());
    const long most =
        fail_every_allocation(random, [&](const Model &model) { EXPECT_EQ(logits_of(model), logits); });
    EXPECT_GE(most, 10);
    a.heads = a.width + 1;
    fail_refusal(ErrorCode::argument, random);
}

TEST_F(MemoryFailureOfModels, LoadOfWhatIsNoModel) {
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

}  // namespace
}  // namespace vit::test
