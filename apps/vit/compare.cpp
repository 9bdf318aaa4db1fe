// vit compare: what a precision costs in accuracy.
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <vit/fields.h>

#include "command.h"
#include "comparison.h"
#include "picture_options.h"
#include "text.h"

namespace command {

namespace {

struct CompareOptions {
    std::string model;
    std::vector<std::string> pictures;
    ListOptions list;
    PictureChoices choices;
    Format format = Format::text;
    int threads = 0, batch = 8;
    vit::ModelOptions backend;
};

constexpr const char *footer =
    R"(MODEL is a checkpoint's directory, which is packed in float32 and in the precision
asked for; without --precision, in each there is. Pictures are named as for
classify.

agree       pictures whose best label is float32's
cosine      of a picture's logits to float32's, the lowest and the mean
difference  the largest of a logit, in parts of its picture's largest
worst       the picture of the lowest cosine

json: an object a precision, {"precision", "pictures", "agreeing",
      "lowest_cosine", "mean_cosine", "largest_difference", "worst"}

Example:
    vit compare models/fashion-mnist models/fashion-mnist/images --precision i8)";

std::string text_of(const std::string &precision, const Comparison &comparison) {
    const vit::Accuracy &its = comparison.accuracy();
    return pad_right(precision, 10) +
           pad_left(grouped(its.agreeing) + " of " + grouped(its.pictures), 18) +
           pad_left(fixed(its.lowest_cosine, 7), 12) + pad_left(fixed(its.mean_cosine, 7), 12) +
           pad_left(general(its.largest_difference, 2), 12) + "  " + harmless(comparison.worst()) + "\n";
}

std::string json_of(const std::string &precision, const Comparison &comparison) {
    nlohmann::ordered_json out = {{"precision", precision}};
    vit::for_each_field(comparison.accuracy(),
                        [&](const char *name, const auto &value, auto...) { out[name] = value; });
    out["worst"] = comparison.worst();
    return harmless_json(out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) + "\n";
}

int compare_precisions(const CompareOptions &options) {
    std::vector<vit::Precision> precisions;
    for (const char *name : vit::precision_names) {
        const vit::Precision precision = *vit::value_named<vit::Precision>(name);
        const bool asked = !options.backend.precision || options.backend.precision == precision;
        if (asked && precision != vit::Precision::f32) precisions.push_back(precision);
    }
    if (precisions.empty()) {
        throw Misuse("compare needs a --precision other than f32, which it compares with");
    }
    std::vector<vit::Model> models;
    vit::ModelOptions its = options.backend;
    its.precision = vit::Precision::f32;
    models.push_back(value_or_fail(vit::Model::load(options.model, its)));
    for (const vit::Precision precision : precisions) {
        its.precision = precision;
        models.push_back(value_or_fail(vit::Model::load(options.model, its)));
    }
    FileList files(options.pictures, std::cin, options.list);
    const std::string skipped = files.skipped().sentence();
    int missed = 0;
    const PictureOptions how{image_options(options.choices, models[0]), options.threads};
    const auto missing = [&](const std::string &sentence) {
        complain(sentence);
        missed++;
    };
    const std::vector<Comparison> comparisons =
        compare(models, std::move(files), how, options.batch, missing);
    if (!skipped.empty()) complain(skipped);
    if (comparisons[0].accuracy().pictures == 0) throw Failure("there is no picture to compare by");
    if (options.format == Format::text) {
        print(pad_right("precision", 10) + pad_left("agree", 18) + pad_left("cosine", 12) +
              pad_left("mean", 12) + pad_left("difference", 12) + "  worst\n");
    }
    for (std::size_t i = 0; i < precisions.size(); i++) {
        const std::string name = vit::name_of(precisions[i]);
        const bool json = options.format == Format::json;
        print(json ? json_of(name, comparisons[i]) : text_of(name, comparisons[i]));
    }
    return missed ? failed : ok;
}

}  // namespace

void add_compare(CLI::App &app, Run &run) {
    auto options = std::make_shared<CompareOptions>();
    CLI::App *command = app.add_subcommand("compare", "Measure what a precision costs in accuracy.");
    command->footer(footer);
    add_model(*command, options->model);
    command->get_option("MODEL")->required();
    command->add_option("IMAGE", options->pictures, "Files, directories, or - for a list of names")
        ->type_name("")
        ->required();
    command->add_flag("-r,--recursive", options->list.recursive, "Take pictures in directories below, too");
    command->add_flag("-0,--null", options->list.zeros,
                      "Names in the list end with a zero byte, as from find -print0");
    add_picture_options(*command, options->choices);
    add_threads(*command, options->threads);
    add_batch(*command, options->batch, "Pictures that go through the network at once");
    add_format(*command, options->format, {"text", "json"});
    add_backend(*command, options->backend);
    command->callback([options, &run] { run = [options] { return compare_precisions(*options); }; });
}

}  // namespace command
