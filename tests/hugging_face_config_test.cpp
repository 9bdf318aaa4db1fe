#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/checkpoint/namings/hugging_face_config.h"
#include "tests/support/expect_error.h"

namespace vit {
namespace {

using test::expect_error;

Bytes bytes_of(const std::string &text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

Result<JsonDocument> parsed(const std::string &text) {
    return parse_json(bytes_of(text), "dir/config.json");
}

// config.json of this model type and these fields.
Result<Config> config_of(const std::string &fields) {
    return parsed("{\"model_type\":\"vit\"" + (fields.empty() ? "" : "," + fields) + "}")
        .and_then([](const JsonDocument &json) { return read_config(json.root(), "dir/config.json"); });
}

TEST(Config, TakesTheDefaultsOfTransformers) {
    const auto config = config_of("");
    ASSERT_TRUE(config) << config.error().message;
    const Architecture &a = config->architecture;
    EXPECT_EQ(a.width, 768);
    EXPECT_EQ(a.depth, 12);
    EXPECT_EQ(a.heads, 12);
    EXPECT_EQ(a.mlp_width, 3072);
    EXPECT_EQ(a.image_height, 224);
    EXPECT_EQ(a.image_width, 224);
    EXPECT_EQ(a.patch_height, 16);
    EXPECT_EQ(a.patch_width, 16);
    EXPECT_EQ(a.channels, 3);
    EXPECT_EQ(a.layer_norm_epsilon, 1e-12f);
    EXPECT_TRUE(a.qkv_bias);
    EXPECT_EQ(a.activation, Activation::gelu_erf);
    EXPECT_EQ(a.scores, Scores::softmax);
    EXPECT_EQ(config->labels, (std::vector<std::string>{"LABEL_0", "LABEL_1"}));
    EXPECT_EQ(a.labels, 2);
}

TEST(Config, ReadsEveryField) {
    const auto config = config_of(R"(
        "architectures": ["Other", "ViTForImageClassification"], "hidden_size": 10,
        "num_hidden_layers": 1000, "num_attention_heads": 5, "intermediate_size": 7,
        "image_size": [9, 20], "patch_size": [2, 5],
        "num_channels": 1, "layer_norm_eps": 1e-6, "qkv_bias": false, "hidden_act": "gelu_new",
        "id2label": {"1": "dog", "0": "cat", "10": "k", "2": "", "3": "c", "4": "d", "5": "e", "6": "f",
                     "7": "g", "8": "h", "9": "\u00e9\n"},
        "label2id": {"cat": 17}, "problem_type": "multi_label_classification",
        "hidden_dropout_prob": 0.5, "of the future": [{}])");
    ASSERT_TRUE(config) << config.error().message;
    const Architecture &a = config->architecture;
    EXPECT_EQ(a.width, 10);
    EXPECT_EQ(a.depth, 1000);
    EXPECT_EQ(a.heads, 5);
    EXPECT_EQ(a.mlp_width, 7);
    EXPECT_EQ(a.image_height, 9);
    EXPECT_EQ(a.image_width, 20);
    EXPECT_EQ(a.patch_height, 2);
    EXPECT_EQ(a.patch_width, 5);
    EXPECT_EQ(a.tokens(), 4 * 4 + 1);
    EXPECT_EQ(a.channels, 1);
    EXPECT_EQ(a.layer_norm_epsilon, 1e-6f);
    EXPECT_FALSE(a.qkv_bias);
    EXPECT_EQ(a.activation, Activation::gelu_tanh);
    EXPECT_EQ(a.scores, Scores::sigmoid);
    EXPECT_EQ(a.labels, 11);
    EXPECT_EQ(config->labels,
              (std::vector<std::string>{"cat", "dog", "", "c", "d", "e", "f", "g", "h", "\u00e9\n", "k"}));
}

TEST(Config, TellsActivationsApart) {
    const std::pair<const char *, Activation> cases[] = {
        {"gelu", Activation::gelu_erf},
        {"gelu_python", Activation::gelu_erf},
        {"gelu_new", Activation::gelu_tanh},
        {"gelu_fast", Activation::gelu_tanh},
        {"gelu_pytorch_tanh", Activation::gelu_tanh},
        {"gelu_python_tanh", Activation::gelu_tanh},
        {"gelu_accurate", Activation::gelu_tanh},
        {"quick_gelu", Activation::quick_gelu},
        {"relu", Activation::relu},
        {"silu", Activation::silu},
        {"swish", Activation::silu},
        {"tanh", Activation::tanh},
    };
    for (const auto &[name, activation] : cases) {
        const auto config = config_of("\"hidden_act\":\"" + std::string(name) + "\"");
        ASSERT_TRUE(config) << name;
        EXPECT_EQ(config->architecture.activation, activation) << name;
    }
    for (const char *name : {"relu6", "gelu_10", "linear", "mish", "GELU", ""}) {
        SCOPED_TRACE(name);
        expect_error(config_of("\"hidden_act\":\"" + std::string(name) + "\""), ErrorCode::unsupported,
                     {"dir/config.json", "hidden_act", name});
    }
}

TEST(Config, DeiTHasADistillationToken) {
    const auto json = parsed(R"({"model_type": "deit", "architectures": ["DeiTModel"]})");
    ASSERT_TRUE(json) << json.error().message;
    const auto config = read_config(json->root(), "dir/config.json");
    ASSERT_TRUE(config) << config.error().message;
    const Architecture &a = config->architecture;
    EXPECT_TRUE(a.prefix.class_token && a.prefix.distillation_token);
    EXPECT_EQ(a.prefix.positioned, 2);
    EXPECT_EQ(a.tokens(), 198);
    EXPECT_EQ(a.layer_norm_epsilon, 1e-12f);
}

TEST(Config, ChoosesScores) {
    const std::pair<const char *, Scores> cases[] = {
        {R"("num_labels":1)", Scores::sigmoid},
        {R"("num_labels":2,"problem_type":null)", Scores::softmax},
        {R"("num_labels":3,"problem_type":"single_label_classification")", Scores::softmax},
        {R"("num_labels":3,"problem_type":"multi_label_classification")", Scores::sigmoid},
        {R"("num_labels":1,"problem_type":"regression")", Scores::identity},
        {R"("num_labels":3,"problem_type":"regression")", Scores::identity},
    };
    for (const auto &[fields, scores] : cases) {
        const auto config = config_of(fields);
        ASSERT_TRUE(config) << fields;
        EXPECT_EQ(config->architecture.scores, scores) << fields;
    }
}

struct Bad {
    std::string fields;
    ErrorCode code;
    std::vector<std::string> named;
};

TEST(Config, RefusesBadFields) {
    std::vector<Bad> cases = {
        {R"("hidden_act":7)", ErrorCode::config, {"hidden_act"}},
        {R"("architectures":["ViTForMaskedImageModeling"])",
         ErrorCode::unsupported,
         {"architectures", "ViTForMaskedImageModeling", "classifier"}},
        {R"("architectures":["DeiTForImageClassification"])", ErrorCode::unsupported, {"architectures"}},
        {R"("architectures":[])", ErrorCode::unsupported, {"architectures"}},
        {R"("architectures":"ViTForImageClassification")", ErrorCode::config, {"architectures"}},
        {R"("qkv_bias":1)", ErrorCode::config, {"qkv_bias"}},
        {R"("qkv_bias":"true")", ErrorCode::config, {"qkv_bias"}},
        {R"("layer_norm_eps":0)", ErrorCode::config, {"layer_norm_eps"}},
        {R"("layer_norm_eps":-1e-6)", ErrorCode::config, {"layer_norm_eps", "-1e-06"}},
        {R"("layer_norm_eps":1e-60)", ErrorCode::config, {"layer_norm_eps", "1e-60"}},
        {R"("layer_norm_eps":2)", ErrorCode::config, {"layer_norm_eps"}},
        {R"("layer_norm_eps":"1e-6")", ErrorCode::config, {"layer_norm_eps"}},
        {R"("layer_norm_eps":1e999)", ErrorCode::format, {"not valid JSON"}},
        {R"("layer_norm_eps":NaN)", ErrorCode::format, {"not valid JSON"}},
        {R"("hidden_size":8,"hidden_size":8)", ErrorCode::format, {"hidden_size", "twice"}},
        {R"("num_attention_heads":7)", ErrorCode::config, {"num_attention_heads", "7", "768"}},
        {R"("num_attention_heads":1536)", ErrorCode::config, {"num_attention_heads", "1536"}},
        {R"("patch_size":225)", ErrorCode::config, {"patch_size", "225x225", "224x224"}},
        {R"("patch_size":[16,300])", ErrorCode::config, {"patch_size", "16x300"}},
        {R"("image_size":[224])", ErrorCode::config, {"image_size"}},
        {R"("image_size":[224,224,3])", ErrorCode::config, {"image_size"}},
        {R"("image_size":[224,-224])", ErrorCode::config, {"image_size", "-224"}},
        {R"("image_size":{"height":224,"width":224})", ErrorCode::config, {"image_size"}},
        {R"("image_size":100000)", ErrorCode::config, {"image_size", "100000x100000"}},
        {R"("image_size":8192,"patch_size":1)", ErrorCode::config, {"image_size", "67108865 tokens"}},
        {R"("hidden_size":1048576,"num_attention_heads":1,"intermediate_size":1048576)",
         ErrorCode::config,
         {}},
        {R"("num_hidden_layers":1001)", ErrorCode::config, {"num_hidden_layers", "1001"}},
        {R"("num_labels":0)", ErrorCode::config, {"num_labels"}},
        {R"("num_labels":3,"id2label":{"0":"a","1":"b"})",
         ErrorCode::config,
         {"num_labels", "3", "2 labels"}},
        {R"("id2label":{})", ErrorCode::config, {"id2label"}},
        {R"("id2label":["a","b"])", ErrorCode::config, {"id2label"}},
        {R"("id2label":{"0":"a","2":"b"})", ErrorCode::config, {"id2label", "'2'"}},
        {R"("id2label":{"1":"a","2":"b"})", ErrorCode::config, {"id2label", "'2'"}},
        {R"("id2label":{"0":"a","00":"b"})", ErrorCode::config, {"id2label", "'00'"}},
        {R"("id2label":{"0":"a","01":"b"})", ErrorCode::config, {"id2label", "'01'"}},
        {R"("id2label":{"0":"a","-1":"b"})", ErrorCode::config, {"id2label", "'-1'"}},
        {R"("id2label":{"0":"a","1.0":"b"})", ErrorCode::config, {"id2label", "'1.0'"}},
        {R"("id2label":{"0":"a","":"b"})", ErrorCode::config, {"id2label"}},
        {R"("id2label":{"0":"a","99999999999999999999":"b"})", ErrorCode::config, {"id2label"}},
        {R"("id2label":{"0":"a","0":"b"})", ErrorCode::format, {"'0'", "twice"}},
        {R"("id2label":{"0":"a","1":7})", ErrorCode::config, {"id2label", "7"}},
        {R"("problem_type":"segmentation")", ErrorCode::config, {"problem_type", "segmentation"}},
        {R"("problem_type":"single_label_classification","num_labels":1)",
         ErrorCode::config,
         {"problem_type"}},
    };
    for (const char *field :
         {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "num_channels",
          "image_size", "patch_size", "num_labels"}) {
        for (const char *value :
             {"0", "-1", "1048577", "2147483648", "-9223372036854775808", "18446744073709551615", "1e300",
              "12.0", "12.5", "\"12\"", "true", "{}"}) {
            cases.push_back({"\"" + std::string(field) + "\":" + value, ErrorCode::config, {field}});
        }
    }
    for (const Bad &bad : cases) {
        SCOPED_TRACE(bad.fields);
        std::vector<std::string> named = bad.named;
        named.push_back("dir/config.json");
        expect_error(config_of(bad.fields), bad.code, named);
    }
}

TEST(Config, RefusesOtherModels) {
    const Bad cases[] = {
        {R"({})", ErrorCode::config, {"model_type", "missing"}},
        {R"({"model_type":"dinov2"})", ErrorCode::unsupported, {"model_type", "dinov2"}},
        {R"({"model_type":"timm_wrapper"})", ErrorCode::unsupported, {"model_type", "timm_wrapper"}},
        {R"({"model_type":"deit","architectures":["ViTForImageClassification"]})",
         ErrorCode::unsupported,
         {"architectures", "ViTForImageClassification"}},
        {R"({"model_type":"\u001b]0;x\u0007"})", ErrorCode::unsupported, {"model_type", "\\x1b]0;x\\x07"}},
        {R"({"model_type":1})", ErrorCode::config, {"model_type"}},
        {R"([])", ErrorCode::config, {"not a JSON object"}},
        {R"(7)", ErrorCode::config, {"not a JSON object"}},
    };
    for (const Bad &bad : cases) {
        SCOPED_TRACE(bad.fields);
        std::vector<std::string> named = bad.named;
        named.push_back("dir/config.json");
        const auto json = parsed(bad.fields);
        ASSERT_TRUE(json) << json.error().message;
        expect_error(read_config(json->root(), "dir/config.json"), bad.code, named);
    }
}

}  // namespace
}  // namespace vit
