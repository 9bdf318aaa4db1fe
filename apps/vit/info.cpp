// vit info: what is this checkpoint, and what can this machine run?
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>
#include <vit/fields.h>

#include "command.h"
#include "text.h"

namespace command {

namespace {

using Json = nlohmann::ordered_json;

struct InfoOptions {
    std::string model;
    Format format = Format::text;
    vit::ModelOptions backend;
};

constexpr const char *footer =
    R"(Without MODEL: the architectures that have a name, the backends, and the formats
of pictures.
GFLOP counts a multiplication and an addition as two operations.

Example:
    vit info models/fashion-mnist)";

Json json_of_value(int value) { return value; }
Json json_of_value(bool value) { return value; }
Json json_of_value(float value) { return shortest(value); }
template<typename Enum>
Json json_of_value(Enum value) {
    return vit::name_of(value);
}
Json json_of_value(const std::vector<vit::Feature> &features) {
    Json names = Json::array();
    for (const vit::Feature feature : features) names.push_back(vit::name_of(feature));
    return names;
}

Json json_of(const vit::Architecture &a) {
    Json json{{"name", a.name}};
    vit::for_each_field(a, [&](const char *name, const auto &value, const char *, auto...) {
        json[name] = json_of_value(value);
    });
    json["tokens"] = a.tokens();
    json["parameters"] = vit::parameters(a);
    json["gflop"] = vit::flop(a) / 1e9;
    return json;
}

Json json_of_backends() {
    Json out = Json::array();
    for (const vit::BackendInfo &backend : vit::backends()) {
        out.push_back({{"name", backend.name},
                       {"target", backend.target},
                       {"tuned", backend.tuned},
                       {"supported", backend.supported},
                       {"reason", backend.reason},
                       {"devices", backend.devices}});
    }
    return out;
}

// "640 x 480": width first, as pictures are named.
std::string sides(int width, int height) {
    return std::to_string(width) + " x " + std::to_string(height);
}

std::string row(const std::string &key, const std::string &value) {
    return pad_right(key, 14) + value + "\n";
}

// "197: class token, 196 patches"
std::string tokens_of(const vit::Architecture &a) {
    std::string out = std::to_string(a.tokens()) + ": ";
    if (a.prefix.class_token) out += "class token, ";
    if (a.prefix.distillation_token) out += "distillation token, ";
    if (a.prefix.registers) out += std::to_string(a.prefix.registers) + " registers, ";
    return out + std::to_string(a.patches()) + " patches";
}

// "class token, distillation token; a head for each"
std::string classifier_of(const vit::Architecture &a) {
    std::string out;
    for (const vit::Feature feature : a.pooling.features) {
        out += (out.empty() ? "of " : " and ") +
               std::string(feature == vit::Feature::class_token          ? "class token"
                           : feature == vit::Feature::distillation_token ? "distillation token"
                                                                         : "mean of patches");
    }
    if (a.pooling.norm_last) out += ", normalized last";
    return out + (a.pooling.head_of_each ? ", the mean of a classifier for each" : "");
}

// ", 9,998 of 10,000 pictures as float32, cosine 0.99981 at least", if that was measured.
std::string accuracy_of(const vit::Model &model) {
    if (!model.accuracy()) return {};
    const vit::Accuracy &its = *model.accuracy();
    return ", " + grouped(its.agreeing) + " of " + grouped(its.pictures) +
           " pictures as float32, cosine of logits at least " + fixed(its.lowest_cosine, 7);
}

std::string text_of(const vit::Model &model) {
    const vit::Architecture &a = model.architecture();
    std::string labels = std::to_string(a.labels) + ": ";
    constexpr int shown_labels = 10;
    for (int i = 0; i < a.labels && i < shown_labels; i++) {
        labels += (i ? ", " : "") + harmless(model.label(i));
    }
    if (a.labels > shown_labels) labels += ", ...";
    return row("model", harmless(a.name)) +
           row("image", sides(a.image_width, a.image_height)) +
           row("channels", std::to_string(a.channels)) +
           row("patches", std::to_string(a.patches()) + " of " + sides(a.patch_width, a.patch_height)) +
           row("tokens", tokens_of(a)) +
           row("width", std::to_string(a.width)) +
           row("depth", std::to_string(a.depth)) +
           row("heads", std::to_string(a.heads) + " of " + std::to_string(a.head_size())) +
           row("mlp", std::to_string(a.mlp_width) + ", " + vit::name_of(a.activation)) +
           row("norm", "epsilon " + general(a.layer_norm_epsilon, 6)) +
           row("qkv bias", a.qkv_bias ? "yes" : "no") +
           (a.layer_scale ? row("layer scale", "yes") : "") +
           row("classifier", classifier_of(a)) +
           row("scores", vit::name_of(a.scores)) +
           row("labels", labels) +
           row("parameters", grouped(vit::parameters(a))) +
           row("GFLOP", general(vit::flop(a) / 1e9, 4) + " an image") +
           row("precision", vit::name_of(model.precision()) + accuracy_of(model)) +
           row("backend", model.backend().name);
}

std::string text_of_backends() {
    std::string out;
    std::size_t width = 0;
    for (const vit::BackendInfo &backend : vit::backends()) {
        width = std::max(width, columns(backend.name));
    }
    for (const vit::BackendInfo &backend : vit::backends()) {
        const std::string values = backend.tuned.empty() ? "default values" : "tuned by " + backend.tuned;
        const std::string verdict = backend.supported ? "runs here" : "does not run here: " + backend.reason;
        out += "  " + pad_right(backend.name, width) + "  " + backend.target + "\n";
        out += "  " + pad_right("", width) + "  " + values + "\n";
        out += "  " + pad_right("", width) + "  " + verdict + "\n";
        for (std::size_t i = 0; i < backend.devices.size(); i++) {
            out += "  " + pad_right("", width) + "  device " + std::to_string(i) + "  " +
                   harmless(backend.devices[i]) + "\n";
        }
    }
    return "backends, in the order of preference\n" + out;
}

std::string text_of_pictures() {
    std::string out = "pictures\n";
    for (const vit::ImageFormat &format : vit::image_formats()) {
        out += "  " + pad_right(format.name, 6) + "by " + format.decoder + "\n";
    }
    return out;
}

Json json_of_pictures() {
    Json out = Json::array();
    for (const vit::ImageFormat &format : vit::image_formats()) {
        out.push_back({{"name", format.name}, {"decoder", format.decoder}});
    }
    return out;
}

std::string text_of_architectures() {
    std::string out = "architectures for 'vit bench --arch'\n";
    for (const std::string &name : vit::architecture_names()) {
        const vit::Architecture a = value_or_fail(vit::named_architecture(name));
        const double millions = static_cast<double>(vit::parameters(a)) / 1e6;
        out += "  " + pad_right(name, 10) + pad_left(std::to_string(a.depth), 3) + " blocks of width " +
               pad_left(std::to_string(a.width), 4) + pad_left(fixed(millions, 1), 8) + " M parameters" +
               pad_left(fixed(vit::flop(a) / 1e9, 1), 8) + " GFLOP an image\n";
    }
    return out;
}

Json json_of(const vit::Model &model, const std::string &directory) {
    Json out = {{"model", directory}, {"architecture", json_of(model.architecture())}};
    out["labels"] = Json::array();
    for (int i = 0; i < model.architecture().labels; i++) {
        out["labels"].push_back(model.label(i));
    }
    out["precision"] = vit::name_of(model.precision());
    if (model.accuracy()) {
        vit::for_each_field(*model.accuracy(), [&](const char *name, const auto &value, auto...) {
            out["accuracy"][name] = value;
        });
    }
    out["backend"] = model.backend().name;
    return out;
}

Json json_of_architectures() {
    Json out = Json::array();
    for (const std::string &name : vit::architecture_names()) {
        out.push_back(json_of(value_or_fail(vit::named_architecture(name))));
    }
    return out;
}

int info(const InfoOptions &options) {
    std::optional<vit::Model> model;
    if (!options.model.empty()) {
        model = value_or_fail(vit::Model::load(options.model, options.backend));
    }
    if (options.format == Format::json) {
        Json out = model ? json_of(*model, options.model) : Json{{"version", vit::version()}};
        if (!model) out["architectures"] = json_of_architectures();
        out["backends"] = json_of_backends();
        if (!model) out["pictures"] = json_of_pictures();
        print(harmless_json(out.dump(2, ' ', false, Json::error_handler_t::replace)) + "\n");
    } else {
        print((model ? text_of(*model) : text_of_architectures()) + "\n" + text_of_backends() +
              (model ? "" : "\n" + text_of_pictures()));
    }
    return ok;
}

}  // namespace

void add_info(CLI::App &app, Run &run) {
    auto options = std::make_shared<InfoOptions>();
    CLI::App *info_app = app.add_subcommand("info", "Describe a checkpoint, or what there is without one.");
    info_app->footer(footer);
    add_model(*info_app, options->model);
    add_format(*info_app, options->format, {"text", "json"});
    add_backend(*info_app, options->backend);
    info_app->callback([options, &run] { run = [options] { return info(*options); }; });
}

}  // namespace command
