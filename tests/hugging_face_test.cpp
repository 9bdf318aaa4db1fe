// Hugging Face's DeiT, and models that were saved as the bare ViTModel and have a classifier; ViT itself is
// checkpoint_test's subject.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/checkpoint/checkpoint.h"
#include "tests/support/expect_error.h"
#include "tests/support/hf_vit_writer.h"
#include "tests/support/saved_families.h"

namespace vit::test {
namespace {

Architecture tiny(bool teacher) {
    Architecture a = tiny_architecture();
    a.prefix.distillation_token = true;
    a.prefix.positioned = 2;
    a.pooling.head_of_each = teacher;
    return a;
}

template<typename Model>
Result<Checkpoint> read(const Model &model) {
    const TemporaryDirectory directory;
    model.write(directory);
    return read_checkpoint(directory.path());
}

TEST(HuggingFace, deit_misses_every_tensor) {
    for (const bool teacher : {false, true}) {
        const SavedModel good = deit_model(tiny(teacher));
        const Result<Checkpoint> whole = read(good);
        ASSERT_TRUE(whole) << whole.error().message;
        for (const NamedTensor &tensor : good.tensors) {
            SCOPED_TRACE(tensor.name);
            // Without the teacher's classifier, it is a model that has one, of another name.
            const bool decides = tensor.name == "distillation_classifier.weight";
            SavedModel model = good;
            model.erase(tensor.name);
            expect_error(read(model), ErrorCode::tensor,
                         {"model.safetensors", decides ? "'classifier.weight'" : tensor.name, "missing"});

            model = good;
            model.tensor(tensor.name).shape.push_back(1);
            expect_error(read(model), ErrorCode::tensor, {"model.safetensors", tensor.name, "shape"});

            model = good;
            model.tensor(tensor.name).values.back() = NAN;
            expect_error(read(model), ErrorCode::tensor, {"model.safetensors", tensor.name, "NaN"});
        }
    }
}

TEST(HuggingFace, deit_has_the_classifiers_that_its_tensors_are) {
    const Result<Checkpoint> one = read(deit_model(tiny(false)));
    ASSERT_TRUE(one) << one.error().message;
    EXPECT_EQ(one->architecture.pooling.features, std::vector{Feature::class_token});
    EXPECT_FALSE(one->architecture.pooling.head_of_each);

    const Result<Checkpoint> two = read(deit_model(tiny(true)));
    ASSERT_TRUE(two) << two.error().message;
    EXPECT_EQ(two->architecture.pooling.features,
              (std::vector{Feature::class_token, Feature::distillation_token}));
    EXPECT_TRUE(two->architecture.pooling.head_of_each);
    EXPECT_EQ(two->tensor(Slot::head_weight, 1).name, "distillation_classifier.weight");

    SavedModel three = deit_model(tiny(true));
    three.add_linear("classifier", 3, 10);
    expect_error(read(three), ErrorCode::tensor, {"'classifier.bias'", "not known"});
}

TEST(HuggingFace, deit_takes_the_preprocessing_of_its_class) {
    SavedModel model = deit_model(tiny(false));
    Result<Checkpoint> checkpoint = read(model);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->preprocessing.height, 256);
    EXPECT_EQ(checkpoint->preprocessing.filter, Filter::bicubic);
    EXPECT_TRUE(checkpoint->preprocessing.do_center_crop);
    EXPECT_EQ(checkpoint->preprocessing.remainder, Remainder::floor);

    model.preprocessor["image_processor_type"] = "ViTImageProcessor";
    model.preprocessor["size"] = model.preprocessor["crop_size"];
    checkpoint = read(model);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->preprocessing.filter, Filter::bilinear);
    EXPECT_FALSE(checkpoint->preprocessing.do_center_crop);
}

TEST(HuggingFace, a_bare_model_may_have_a_classifier) {
    Random random;
    for (const Names names : {Names::published, Names::in_memory}) {
        HfVit vit = hf_vit(tiny_architecture(), random, names);
        vit.config["architectures"] = {"ViTModel"};
        EXPECT_TRUE(read(vit));
        for (NamedTensor &tensor : vit.tensors) {
            if (tensor.name.starts_with("vit.")) tensor.name.erase(0, 4);
        }
        vit.tensors.push_back({"pooler.dense.bias", {10}, std::vector<float>(10)});
        const Result<Checkpoint> bare = read(vit);
        ASSERT_TRUE(bare) << bare.error().message;
        EXPECT_EQ(bare->tensor(Slot::class_token).name, "embeddings.cls_token");

        HfVit mixed = vit;
        mixed.tensor("layernorm.weight").name = "vit.layernorm.weight";
        expect_error(read(mixed), ErrorCode::tensor, {"'layernorm.weight'", "missing"});

        vit.erase("classifier.weight");
        vit.erase("classifier.bias");
        expect_error(read(vit), ErrorCode::tensor, {"classifier.weight", "without a classifier"});
    }
}

TEST(HuggingFace, refuses_tensors_of_other_models) {
    const auto expect_missing = [](SavedModel model) {
        model.config = deit_model(tiny(false)).config;
        model.preprocessor = deit_model(tiny(false)).preprocessor;
        expect_error(read(model), ErrorCode::tensor,
                     {"'deit.embeddings.", "missing"});
    };
    expect_missing(timm_model(tiny_architecture()));
    Architecture square = tiny_architecture();
    square.image_height = square.image_width = 12;
    square.patch_height = square.patch_width = 4;
    expect_missing(torchvision_model(square));

    SavedModel vit = deit_model(tiny(false));
    vit.config["model_type"] = "vit";
    vit.preprocessor["image_processor_type"] = "DeiTImageProcessor";
    expect_error(read(vit), ErrorCode::tensor, {"'vit.embeddings.", "missing"});

    SavedModel turned = deit_model(tiny(false));  // without its distillation token
    turned.erase("deit.embeddings.distillation_token");
    expect_error(read(turned), ErrorCode::tensor, {"distillation_token", "missing"});
}

}  // namespace
}  // namespace vit::test
