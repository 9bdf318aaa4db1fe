#include "tests/support/stage.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "Halide.h"
#include "schedules/attention.h"
#include "schedules/attention_parts.h"
#include "schedules/head.h"
#include "schedules/layer_norm.h"
#include "schedules/linear.h"
#include "schedules/linear_fixed.h"
#include "schedules/patch_embed.h"
#include "schedules/preprocess.h"
#include "tests/cases/call_in_process.h"
#include "tests/cases/tiles.h"

namespace vit::test {

namespace {

struct Extremes {
    std::string name;
    std::vector<int> values;
};

// Of the tunables of a tuning struct: Halide keeps a registry of where they are in memory.
template<typename Tuning>
std::vector<Extremes> extremes_of(const Layout &layout) {
    using Registry = Halide::Internal::ObjectInstanceRegistry;
    const Halide::Target target = Halide::get_jit_target_from_environment();
    Tuning tuning;
    std::vector<Extremes> all;
    for (const auto &[subject, kind] : Registry::instances_in_range(&tuning, sizeof(tuning))) {
        auto *param = static_cast<Halide::Internal::GeneratorParamBase *>(subject);
        const Tunable &tunable = dynamic_cast<Tunable &>(*param);
        std::vector<int> values = tunable.extremes(layout, target);
        values.erase(std::unique(values.begin(), values.end()), values.end());  // where there is one alone
        all.push_back({tunable.name(), std::move(values)});
    }
    return all;
}

// HL_JIT_TARGET may name a target with a device: host-opencl.
const bool on_device = Halide::get_jit_target_from_environment().has_gpu_feature();

std::vector<Extremes> extremes_of(const std::string &stage, const Layout &layout) {
    if (on_device && stage != "preprocess") {
        return stage == "linear"        ? extremes_of<LinearGpuTuning>(layout)
               : stage == "layer_norm"  ? extremes_of<LayerNormGpuTuning>(layout)
               : stage == "attention"   ? extremes_of<AttentionPartsTuning>(layout)
               : stage == "patch_embed" ? extremes_of<PatchEmbedGpuTuning>(layout)
               : stage == "head"        ? extremes_of<HeadGpuTuning>(layout)
                                        : std::vector<Extremes>();
    }
    return stage == "linear"        ? extremes_of<LinearTuning>(layout)
           : stage == "linear_fixed" ? extremes_of<LinearFixedTuning>(layout)
           : stage == "layer_norm"  ? extremes_of<LayerNormTuning>(layout)
           : stage == "attention"   ? extremes_of<AttentionTuning>(layout)
           : stage == "patch_embed" ? extremes_of<PatchEmbedTuning>(layout)
           : stage == "preprocess"  ? extremes_of<PreprocessTuning>(layout)
           : stage == "head"        ? extremes_of<HeadTuning>(layout)
                                    : std::vector<Extremes>();
}

Variant in_process(std::string name, Params params, bool checked = true) {
    Variant variant{std::move(name), {}, std::move(params), checked, nullptr, on_device};
    Params layout;
    for (const char *param : {"lanes", "token_tile", "panel"}) {
        if (const auto at = variant.params.find(param); at != variant.params.end()) layout.insert(*at);
    }
    variant.blocks = cases::blocks_of(compile({"", {}, layout, checked}, kernel_row("layout")));
    return variant;
}

// Compiling takes from a tenth of a second to several; what differs in shape alone is compiled once.
Halide::Callable compile_once(const std::string &generator, const Params &params, bool checked) {
    static std::map<std::tuple<std::string, Params, bool>, Halide::Callable> cache;
    const auto [at, is_new] = cache.try_emplace({generator, params, checked});
    if (is_new) {
        Halide::Target target = Halide::get_jit_target_from_environment();
        if (!checked) {
            target.set_feature(Halide::Target::NoAsserts);
            target.set_feature(Halide::Target::NoBoundsQuery);
        }
        at->second = Halide::create_callable_from_generator(target, generator, params);
    }
    return at->second;
}

}  // namespace

CalledKernel compile(const Variant &variant, const KernelRow &row) {
    Params all = variant.params;
    all.insert(row.params.begin(), row.params.end());
    const Halide::Callable callable = compile_once(row.generator, all, variant.checked);
    return CalledKernel([callable](const KernelArguments &arguments) {
        Halide::JITUserContext context;
        before_call(arguments);
        try {
            EXPECT_EQ(call_in_process(callable, &context, arguments), 0);
        } catch (const Halide::Error &error) {  // which is no std::exception
            ADD_FAILURE() << error.what();
        }
        after_call(nullptr, arguments);
        return 0;
    });
}

std::vector<Variant> in_process_defaults() {
    return {in_process("default", {}), in_process("released", {}, false)};
}

std::vector<Variant> tuning_corners(const std::string &stage) {
    std::vector<Variant> variants{in_process("corner", {})};
    for (const Extremes &tunable : extremes_of(stage, variants[0].blocks)) {
        std::vector<Variant> longer;
        for (const Variant &variant : variants) {
            for (const int value : tunable.values) {
                longer.push_back(variant);
                longer.back().name += "_" + tunable.name + "_" + std::to_string(value);
                longer.back().params[tunable.name] = std::to_string(value);
            }
        }
        variants = std::move(longer);
    }
    return variants;
}

std::vector<Variant> other_layouts() {
    std::vector<Variant> variants;
    const auto add = [&](int lanes, int token_tile, int panel) {
        const std::string values[] = {std::to_string(lanes), std::to_string(token_tile),
                                      std::to_string(panel)};
        variants.push_back(
            in_process("layout_" + values[0] + "_" + values[1] + "_" + values[2],
                       {{"lanes", values[0]}, {"token_tile", values[1]}, {"panel", values[2]}}));
    };
    add(1, 1, 1);
    // A Latin square: every number of vectors meets every number of lanes and of tokens.
    int i = 0;
    for (const int lanes : {4, 8, 16}) {
        int j = 0;
        for (const int token_tile : {1, 4, 6, 8, 12}) {
            add(lanes, token_tile, lanes * ((i + j) % 3 + 1));
            j++;
        }
        i++;
    }
    return variants;
}

}  // namespace vit::test
