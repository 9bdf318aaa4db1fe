// vit pack: a checkpoint as one file that starts by being mapped.
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <vit/fields.h>

#include "command.h"
#include "comparison.h"
#include "stopwatch.h"
#include "text.h"

namespace command {

namespace {

struct PackOptions {
    std::string model;
    std::string output;
    vit::ModelOptions backend;
    bool automatic = false;
    std::vector<std::string> calibrate;
    int threads = 0;
};

constexpr const char *footer =
    R"(The other commands take FILE in place of MODEL. It serves the target and the
version of vit that packed it; others refuse it by name. A packed model starts
in the time of mapping its weights.

--precision auto takes the fastest on this machine whose answers to the pictures
of --calibrate hold: of f16 and i16, cosines of logits to float32's of 0.99999
at least; of bf16 and i8, of 0.9992 in the mean, and the best label of 99.7 % of
the pictures. What was measured of the chosen precision is kept in
the file, and shown by 'vit info'; a hundred pictures or more are worth asking.

Example:
    vit pack models/fashion-mnist -o fashion-mnist.vit)";

// Whether answers in this precision may stand for those of float32.
bool holds(vit::Precision precision, const vit::Accuracy &its) {
    switch (precision) {
    case vit::Precision::f32: return true;
    case vit::Precision::f16:
    case vit::Precision::i16: return its.lowest_cosine >= 0.99999;
    case vit::Precision::bf16:
    case vit::Precision::i8: break;
    }
    return its.mean_cosine >= 0.9992 &&
           static_cast<double>(its.agreeing) >= 0.997 * static_cast<double>(its.pictures);
}

struct Candidate {
    vit::Model model;
    std::optional<vit::Accuracy> accuracy;  // of all but float32
    double milliseconds = 0;                // of one picture, the fastest of several

    bool holds() const { return !accuracy || command::holds(model.precision(), *accuracy); }
};

std::vector<Candidate> load_candidates(const PackOptions &options) {
    std::vector<Candidate> candidates;
    vit::ModelOptions its = options.backend;
    if (!options.automatic) {
        its.precision = options.backend.precision.value_or(vit::Precision::f32);
        if (its.precision != vit::Precision::f32 && !options.calibrate.empty()) {
            its.precision = vit::Precision::f32;
            candidates.push_back({value_or_fail(vit::Model::load(options.model, its)), {}, 0});
            its.precision = options.backend.precision;
        }
        candidates.push_back({value_or_fail(vit::Model::load(options.model, its)), {}, 0});
        return candidates;
    }
    for (const char *name : vit::precision_names) {  // f32 first
        its.precision = vit::value_named<vit::Precision>(name);
        auto model = vit::Model::load(options.model, its);
        // What was not compiled for a backend, or has no room for this model's numbers, is no candidate.
        const bool is_possible = model || (model.error().code != vit::ErrorCode::backend &&
                                           model.error().code != vit::ErrorCode::unsupported);
        if (!is_possible && !candidates.empty()) continue;
        candidates.push_back({value_or_fail(std::move(model)), {}, 0});
    }
    return candidates;
}

void measure_accuracy(std::vector<Candidate> &candidates, const PackOptions &options) {
    std::vector<vit::Model> models;
    for (Candidate &candidate : candidates) models.push_back(std::move(candidate.model));
    const auto broken = [](const std::string &sentence) { throw Failure(sentence); };
    const auto comparisons = compare(models, FileList(options.calibrate, std::cin, {.recursive = true}),
                                     {{}, options.threads}, 8, broken);
    for (std::size_t i = 0; i < candidates.size(); i++) {
        candidates[i].model = std::move(models[i]);
        if (i == 0) continue;
        candidates[i].accuracy = comparisons[i - 1].accuracy();
        if (candidates[i].accuracy->pictures == 0) throw Failure("--calibrate names no picture");
    }
}

void measure_time(std::vector<Candidate> &candidates, int threads) {
    constexpr int rounds = 10;
    const vit::Architecture &a = candidates[0].model.architecture();
    const std::vector<float> pixels(values_per_item(a));
    std::vector<float> logits(static_cast<std::size_t>(a.labels));
    std::vector<vit::Session> sessions;
    for (const Candidate &candidate : candidates) {
        sessions.push_back(value_or_fail(vit::Session::create(candidate.model, {.threads = threads})));
    }
    for (int round = 0; round < rounds; round++) {
        for (std::size_t i = 0; i < candidates.size(); i++) {
            const Stopwatch stopwatch;
            value_or_fail(sessions[i].forward(pixels.data(), 1, logits.data()));
            const double taken = stopwatch.milliseconds();
            double &fastest = candidates[i].milliseconds;
            fastest = round == 0 ? taken : std::min(fastest, taken);
        }
    }
}

std::string row_of(const Candidate &candidate) {
    std::string row = pad_right(vit::name_of(candidate.model.precision()), 6) +
                      pad_left(fixed(candidate.milliseconds, 3), 10) + " ms a picture";
    if (candidate.accuracy) {
        const vit::Accuracy &its = *candidate.accuracy;
        row += ", " + grouped(its.agreeing) + " of " + grouped(its.pictures) + " agree with f32, cosine " +
               fixed(its.lowest_cosine, 7) + " at least, " + fixed(its.mean_cosine, 7) + " in the mean" +
               (candidate.holds() ? "" : ": does not hold");
    }
    return row + "\n";
}

int pack(const PackOptions &options) {
    if (options.automatic && options.calibrate.empty()) {
        throw Misuse("--precision auto needs --calibrate, pictures by which it judges");
    }
    if (!options.automatic && !options.calibrate.empty() &&
        options.backend.precision.value_or(vit::Precision::f32) == vit::Precision::f32) {
        throw Misuse("--calibrate needs a --precision other than f32, with which it compares");
    }
    std::vector<Candidate> candidates = load_candidates(options);
    if (candidates.size() > 1) measure_accuracy(candidates, options);
    const Candidate *chosen = &candidates.back();
    if (options.automatic) {
        measure_time(candidates, options.threads);
        chosen = &candidates.front();
        for (const Candidate &candidate : candidates) {
            print(row_of(candidate));
            if (candidate.holds() && candidate.milliseconds < chosen->milliseconds) chosen = &candidate;
        }
    }
    value_or_fail(chosen->model.save_packed(options.output, chosen->accuracy));
    print(harmless(options.output) + ": packed for " + chosen->model.backend().target + ", precision " +
          vit::name_of(chosen->model.precision()) + "\n");
    return ok;
}

}  // namespace

void add_pack(CLI::App &app, Run &run) {
    auto options = std::make_shared<PackOptions>();
    CLI::App *command = app.add_subcommand("pack", "Write a checkpoint as one file that starts faster.");
    add_model(*command, options->model);
    command->get_option("MODEL")->required();
    add_file(*command, "-o,--output", options->output, "The file to write");
    command->get_option("--output")->required();
    add_target(*command, options->backend);
    add_precision(*command, options->backend, &options->automatic);
    command->add_option("--calibrate", options->calibrate,
                        "Pictures, or directories of them, by which accuracy is measured")
        ->type_name("IMAGE...");
    add_threads(*command, options->threads);
    command->footer(footer);
    command->callback([options, &run] { run = [options] { return pack(*options); }; });
}

}  // namespace command
