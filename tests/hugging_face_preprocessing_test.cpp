#include <array>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/checkpoint/namings/hugging_face_preprocessing.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_directory.h"

namespace vit {
namespace {

using test::expect_error;

Result<Preprocessing> preprocessing_of(const std::string &fields) {
    const std::string text = "{" + fields + "}";
    return parse_json(std::as_bytes(std::span(text.data(), text.size())), "dir/config.json")
        .and_then([](const JsonDocument &json) {
            return parse_preprocessing(json.root(), "dir/config.json");
        });
}

struct Bad {
    std::string fields;
    ErrorCode code;
    std::vector<std::string> named;
};

TEST(PreprocessingConfig, ReadsEveryField) {
    const auto p = preprocessing_of(R"(
        "image_processor_type": "ViTImageProcessor", "do_resize": true, "resample": 3,
        "size": {"height": 300, "width": 400, "shortest_edge": null},
        "do_center_crop": true, "crop_size": {"height": 20, "width": 30},
        "do_rescale": true, "rescale_factor": 0.0078125,
        "do_normalize": true, "image_mean": [0.1, -0.2, 0.3], "image_std": [1, 2, 3],
        "do_pad": false, "do_convert_rgb": true, "anything": "else")");
    ASSERT_TRUE(p) << p.error().message;
    EXPECT_TRUE(p->do_center_crop && p->do_rescale && p->do_normalize);
    EXPECT_EQ(p->height, 300);
    EXPECT_EQ(p->width, 400);
    EXPECT_EQ(p->shortest_edge, 0);
    EXPECT_EQ(p->filter, Filter::bicubic);
    EXPECT_EQ(p->crop_height, 20);
    EXPECT_EQ(p->crop_width, 30);
    EXPECT_EQ(p->rescale_factor, 1.0 / 128);
    EXPECT_EQ(p->mean, (std::array<double, 3>{0.1, -0.2, 0.3}));
    EXPECT_EQ(p->std, (std::array<double, 3>{1, 2, 3}));
}

struct Size {
    const char *fields;
    int height, width, shortest_edge,
        longest_edge;  // height and width count where there is no shortest_edge
};

TEST(PreprocessingConfig, ReadsEveryFormOfSize) {
    const Size cases[] = {
        {R"("size":96)", 96, 96, 0, 0},
        {R"("size":[96,128])", 96, 128, 0, 0},
        {R"("size":{"width":128,"height":96})", 96, 128, 0, 0},
        {R"("size":{"shortest_edge":96})", 0, 0, 96, 0},
        {R"("size":{"shortest_edge":96,"longest_edge":500})", 0, 0, 96, 500},
        {R"("size":96,"feature_extractor_type":"ViTFeatureExtractor")", 96, 96, 0, 0},
        {R"("size":96,"image_processor_type":"DeiTImageProcessor")", 96, 96, 0, 0},
        {R"("size":96,"image_processor_type":"CLIPImageProcessor")", 0, 0, 96, 0},
        {R"("size":96,"feature_extractor_type":"CLIPFeatureExtractor")", 0, 0, 96, 0},
        {R"("size":96,"image_processor_type":"BitImageProcessor")", 0, 0, 96, 0},
        {R"("size":96,"image_processor_type":"SiglipImageProcessor")", 0, 0, 96, 0},
        {R"("size":96,"default_to_square":false)", 0, 0, 96, 0},
        {R"("size":96,"image_processor_type":"CLIPImageProcessor","default_to_square":true)", 96, 96, 0, 0},
        {R"("size":[96,128],"image_processor_type":"CLIPImageProcessor")", 96, 128, 0, 0},
        {R"("size":{"height":96,"width":96},"image_processor_type":"CLIPImageProcessor")", 96, 96, 0, 0},
        {R"("image_processor_type":"ViTImageProcessorFast")", 224, 224, 0, 0},
        {R"("image_processor_type":"ViTImageProcessorPil")", 224, 224, 0, 0},
        {R"("image_processor_type":"DeiTImageProcessor")", 256, 256, 0, 0},
        {R"("image_processor_type":"BitImageProcessor")", 0, 0, 224, 0},
        {R"("image_processor_type":"CLIPImageProcessorFast")", 0, 0, 224, 0},
        {R"("image_processor_type":"SiglipImageProcessor")", 224, 224, 0, 0},
    };
    for (const Size &size : cases) {
        const auto p = preprocessing_of(size.fields);
        ASSERT_TRUE(p) << p.error().message;
        EXPECT_EQ(p->shortest_edge, size.shortest_edge) << size.fields;
        EXPECT_EQ(p->longest_edge, size.longest_edge) << size.fields;
        if (size.shortest_edge > 0) continue;
        EXPECT_EQ(p->height, size.height) << size.fields;
        EXPECT_EQ(p->width, size.width) << size.fields;
    }
    for (const char *crop :
         {R"("crop_size":96)", R"("crop_size":[96,96])", R"("crop_size":{"height":96,"width":96})"}) {
        const auto p = preprocessing_of(std::string(R"("do_center_crop":true,)") + crop);
        ASSERT_TRUE(p) << p.error().message;
        EXPECT_EQ(p->crop_height, 96) << crop;
        EXPECT_EQ(p->crop_width, 96) << crop;
    }
}

TEST(PreprocessingConfig, TakesTheDefaultsOfItsClass) {
    struct {
        const char *type;
        Filter filter;
        bool crop;
        double red_mean, red_std;
    } const cases[] = {
        {"ViTImageProcessor", Filter::bilinear, false, 0.5, 0.5},
        {"DeiTImageProcessor", Filter::bicubic, true, 0.5, 0.5},
        {"BitImageProcessor", Filter::bicubic, true, 0.48145466, 0.26862954},
        {"CLIPImageProcessor", Filter::bicubic, true, 0.48145466, 0.26862954},
        {"SiglipImageProcessor", Filter::bicubic, false, 0.5, 0.5},
    };
    for (const auto &expected : cases) {
        const auto p = preprocessing_of("\"image_processor_type\":\"" + std::string(expected.type) + "\"");
        ASSERT_TRUE(p) << p.error().message;
        EXPECT_EQ(p->filter, expected.filter) << expected.type;
        EXPECT_EQ(p->do_center_crop, expected.crop) << expected.type;
        EXPECT_EQ(p->crop_height, 224) << expected.type;
        EXPECT_EQ(p->mean[0], expected.red_mean) << expected.type;
        EXPECT_EQ(p->std[0], expected.red_std) << expected.type;
        EXPECT_EQ(p->rescale_factor, 1.0 / 255) << expected.type;
        EXPECT_TRUE(p->resize != Resize::none && p->do_rescale && p->do_normalize) << expected.type;
    }
    for (int filter = 0; filter <= 5; filter++) {
        const auto p = preprocessing_of("\"resample\":" + std::to_string(filter));
        ASSERT_TRUE(p) << p.error().message;
        EXPECT_EQ(static_cast<int>(p->filter), filter);
    }
}

TEST(PreprocessingConfig, IgnoresTheFieldsOfStepsNotTaken) {
    const auto p =
        preprocessing_of(R"("do_resize":false,"size":"?","resample":9,"do_center_crop":false,"crop_size":-1,
        "do_rescale":false,"rescale_factor":0,"do_normalize":false,"image_mean":[],"image_std":[0,0,0])");
    ASSERT_TRUE(p) << p.error().message;
    EXPECT_FALSE(p->resize != Resize::none || p->do_center_crop || p->do_rescale || p->do_normalize);
}

TEST(PreprocessingConfig, RefusesBadFields) {
    std::vector<Bad> cases = {
        {R"("image_processor_type":"DINOv3ViTImageProcessor")",
         ErrorCode::unsupported,
         {"image_processor_type", "DINOv3"}},
        {R"("image_processor_type":"ViT")", ErrorCode::unsupported, {"image_processor_type", "'ViT'"}},
        {R"("feature_extractor_type":"BeitFeatureExtractor")",
         ErrorCode::unsupported,
         {"feature_extractor_type", "Beit"}},
        {R"("image_processor_type":7)", ErrorCode::config, {"image_processor_type"}},
        {R"("do_pad":true)", ErrorCode::unsupported, {"do_pad"}},
        {R"("do_resize":1)", ErrorCode::config, {"do_resize"}},
        {R"("do_normalize":"yes")", ErrorCode::config, {"do_normalize"}},
        {R"("size":"224")", ErrorCode::config, {"size"}},
        {R"("size":0)", ErrorCode::config, {"size"}},
        {R"("size":224.5)", ErrorCode::config, {"size"}},
        {R"("size":16385)", ErrorCode::config, {"size", "16385"}},
        {R"("size":[224])", ErrorCode::config, {"size"}},
        {R"("size":[224,0])", ErrorCode::config, {"size"}},
        {R"("size":{})", ErrorCode::config, {"size.height", "missing"}},
        {R"("size":{"height":224})", ErrorCode::config, {"size.width", "missing"}},
        {R"("size":{"height":224,"width":-1})", ErrorCode::config, {"size.width", "-1"}},
        {R"("size":{"shortest_edge":"a"})", ErrorCode::config, {"size.shortest_edge"}},
        {R"("size":{"longest_edge":224})", ErrorCode::unsupported, {"size.longest_edge"}},
        {R"("size":{"max_height":224,"max_width":224})", ErrorCode::unsupported, {"size.max_height"}},
        {R"("size":{"shortest_edge":224,"height":224})", ErrorCode::unsupported, {"size.height"}},
        {R"("resample":6)", ErrorCode::config, {"resample", "6"}},
        {R"("resample":-1)", ErrorCode::config, {"resample"}},
        {R"("resample":"bilinear")", ErrorCode::config, {"resample"}},
        {R"("do_center_crop":true,"crop_size":{"height":224})",
         ErrorCode::config,
         {"crop_size.width", "missing"}},
        {R"("do_center_crop":true,"crop_size":{"shortest_edge":224})",
         ErrorCode::config,
         {"crop_size.height"}},
        {R"("do_center_crop":true,"crop_size":1e9)", ErrorCode::config, {"crop_size"}},
        {R"("rescale_factor":0)", ErrorCode::config, {"rescale_factor"}},
        {R"("rescale_factor":-1)", ErrorCode::config, {"rescale_factor"}},
        {R"("rescale_factor":1e30)", ErrorCode::config, {"rescale_factor"}},
        {R"("image_mean":[0.5,0.5])", ErrorCode::config, {"image_mean", "2"}},
        {R"("image_mean":[0.5,0.5,"0.5"])", ErrorCode::config, {"image_mean"}},
        {R"("image_mean":1e30)", ErrorCode::config, {"image_mean"}},
        {R"("image_std":[0.5,0.5,0])", ErrorCode::config, {"image_std"}},
        {R"("image_std":[0.5,-0.5,0.5])", ErrorCode::config, {"image_std", "-0.5"}},
        {R"("image_std":[1e30,1,1])", ErrorCode::config, {"image_std"}},
        {R"("image_std":[NaN,1,1])", ErrorCode::format, {"not valid JSON"}},
        {R"("image_std":0)", ErrorCode::config, {"image_std"}},
        {R"("image_std":[0.5,0.5,0.5,0.5])", ErrorCode::config, {"image_std", "4"}},
    };
    for (const Bad &bad : cases) {
        SCOPED_TRACE(bad.fields);
        std::vector<std::string> named = bad.named;
        named.push_back("dir/config.json");
        expect_error(preprocessing_of(bad.fields), bad.code, named);
    }
}

TEST(PreprocessingConfig, MakesPicturesOfTheModelsSize) {
    Architecture a;
    a.image_height = 20;
    a.image_width = 30;
    const auto checked = [&](const char *fields) {
        return preprocessing_of(fields).and_then(
            [&](Preprocessing p) { return check_output_size(p, a, "dir/p.json"); });
    };
    EXPECT_TRUE(checked(R"("size":[20,30])"));
    EXPECT_TRUE(checked(R"("size":7,"do_center_crop":true,"crop_size":[20,30])"));
    EXPECT_TRUE(checked(R"("size":{"shortest_edge":40},"do_center_crop":true,"crop_size":[20,30])"));
    EXPECT_TRUE(checked(R"("do_resize":false,"do_center_crop":true,"crop_size":[20,30])"));
    expect_error(checked(R"("size":[30,20])"), ErrorCode::config, {"dir/p.json", "size", "30x20", "20x30"});
    expect_error(checked(R"("size":[20,30],"do_center_crop":true,"crop_size":20)"), ErrorCode::config,
                 {"dir/p.json", "crop_size", "20x20", "20x30"});
    expect_error(checked(R"("size":{"shortest_edge":20})"), ErrorCode::unsupported,
                 {"dir/p.json", "shortest_edge"});
    expect_error(checked(R"("do_resize":false)"), ErrorCode::unsupported, {"dir/p.json", "do_resize"});
}

TEST(PreprocessingConfig, FindsItsFile) {
    const Architecture a;
    const std::string wrong = R"({"size":96})", right = R"({"size":224,"resample":5})";
    test::TemporaryDirectory directory;
    expect_error(read_preprocessing(DirectoryFiles(directory.path()), a), ErrorCode::io,
                 {directory.path(), "preprocessor_config.json", "processor_config.json"});

    directory.write("preprocessor_config.json", right);
    auto p = read_preprocessing(DirectoryFiles(directory.path()), a);
    ASSERT_TRUE(p) << p.error().message;
    EXPECT_EQ(p->filter, Filter::hamming);

    directory.write("processor_config.json",
                    R"({"processor_class":"X"})");  // nothing nested: the other file counts
    EXPECT_TRUE(read_preprocessing(DirectoryFiles(directory.path()), a));

    directory.write("processor_config.json", "{\"image_processor\":" + wrong + "}");
    expect_error(read_preprocessing(DirectoryFiles(directory.path()), a), ErrorCode::config,
                 {"/processor_config.json", "96x96"});
    directory.write("processor_config.json", R"({"image_processor":{"size":{"height":"224"}}})");
    expect_error(read_preprocessing(DirectoryFiles(directory.path()), a), ErrorCode::config,
                 {"/processor_config.json", "image_processor.size.height"});

    directory.write("preprocessor_config.json", wrong);
    directory.write("processor_config.json", "{\"image_processor\":" + right + "}");
    EXPECT_TRUE(read_preprocessing(DirectoryFiles(directory.path()), a));
    directory.write("processor_config.json", "{");
    expect_error(read_preprocessing(DirectoryFiles(directory.path()), a), ErrorCode::format,
                 {"/processor_config.json"});
}

}  // namespace
}  // namespace vit
