#include "apps/autotune/tuner.h"

#include <algorithm>
#include <stdexcept>

#include "apps/autotune/host.h"
#include "apps/autotune/stage_tuner.h"
#include "apps/autotune/tuned_file.h"
#include "runtime/backend/cpu_features.h"

namespace vit::autotune {

namespace {

// Of the budget, for each stage, however little of a pass it takes: compiling costs as much.
constexpr double least_share = 0.05;

std::string halide_version() {
    return std::to_string(HALIDE_VERSION_MAJOR) + "." + std::to_string(HALIDE_VERSION_MINOR) + "." +
           std::to_string(HALIDE_VERSION_PATCH);
}

// "vit-b16", "vit-b16-384px-b8"
std::string shape_text(const Shape &shape) {
    const Architecture &a = shape.architecture;
    std::string text = a.name;
    if (a.image_height != 224 || a.image_width != 224) {
        text += "-" + std::to_string(a.image_width) +
                (a.image_width == a.image_height ? "px" : "x" + std::to_string(a.image_height) + "px");
    }
    return shape.batch == 1 ? text : text + "-b" + std::to_string(shape.batch);
}

// All that a measurement depends on, beside the candidate. The code is that of this program, which has the
// generators and schedules in it.
nlohmann::json circumstances_of(const Options &options, const Values &layout) {
    return {{"shape", shape_text(options.shape)},
            {"threads", options.threads},
            {"target", options.target.to_string()},
            {"layout", layout},
            {"machine", machine_text()},
            {"halide", halide_version()},
            {"code", hash_of_file("/proc/self/exe")}};
}

std::vector<double> shares_of(std::vector<double> weights) {
    const auto normalize = [&] {
        double total = 0;
        for (const double weight : weights) {
            total += weight;
        }
        for (double &weight : weights) {
            weight /= total;
        }
    };
    normalize();
    for (double &weight : weights) {
        weight = std::max(weight, least_share);
    }
    normalize();
    return weights;
}

nlohmann::ordered_json provenance_of(const Options &options, const StageResult &result) {
    nlohmann::ordered_json provenance{{"shape", shape_text(options.shape)},
                                      {"threads", options.threads},
                                      {"machine", machine_text()},
                                      {"date", result.date.substr(0, 10)},
                                      {"default_ms", rounded(result.default_ms)},
                                      {"tuned_ms", rounded(result.new_ms)},
                                      {"others_percent", rounded(100 * result.others)}};
    if (result.gflops > 0) {
        provenance["gflops"] = rounded(result.gflops);
        provenance["peak_percent"] = rounded(result.peak_percent);
    }
    return provenance;
}

void check_options(const Options &options) {
    const Halide::Target host = Halide::get_host_target();
    const std::string missing = unsupported_cpu(options.target.to_string().c_str());
    if (options.target.arch != host.arch || options.target.bits != host.bits ||
        options.target.os != host.os || !missing.empty()) {
        throw std::runtime_error("code for " + options.target.to_string() + " does not run here" +
                                 (missing.empty() ? "" : ": " + missing));
    }
}

}  // namespace

std::filesystem::path journal_path(const Options &options) {
    return options.journal_directory / (options.name + "-" + shape_text(options.shape) + "-t" +
                                        std::to_string(options.threads) + ".jsonl");
}

Summary tune(const Options &options, const Callbacks &callbacks) {
    check_options(options);
    const std::vector<const Stage *> asked =
        stages_named(options.stages, options.target.has_gpu_feature());
    TunedFile file = TunedFile::read(options.incumbents.empty() ? options.output : options.incumbents);
    const Values layout = file.values("layout");
    const Layout blocks = blocks_of(options.target, layout);
    Journal journal(journal_path(options), circumstances_of(options, layout));
    CallContext context(options.threads);
    const auto tuner_of = [&](const Stage &stage) {
        return StageTuner(options, callbacks, stage, layout, blocks, file.values(stage.name), journal,
                          context);
    };

    std::vector<double> weights;
    for (const Stage *stage : asked) {
        weights.push_back(tuner_of(*stage).weigh());
    }
    const std::vector<double> shares = shares_of(weights);

    Summary summary;
    double before = 0;
    for (std::size_t i = 0; i < asked.size(); i++) {
        const double after = before + shares[i];
        summary.stages.push_back(tuner_of(*asked[i]).run(shares[i] * options.budget_seconds, before, after));
        callbacks.finished(summary.stages.back());
        before = after;
    }

    bool changed = false;
    for (const StageResult &result : summary.stages) {
        if (result.trusted &&
            (!file.has(result.stage) || file.values(result.stage) != result.new_values)) {
            file.set(result.stage, result.new_values, provenance_of(options, result));
            changed = true;
        }
    }
    if (changed) {
        file.target = options.target.to_string();
        file.halide = halide_version();
        file.write(options.output);
    }
    for (const StageResult &result : summary.stages) {
        journal.close(result.stage);
    }
    summary.measured = journal.added();
    summary.resumed = journal.resumed();
    return summary;
}

}  // namespace vit::autotune
