#include "tests/support/stage.h"

#include <memory>
#include <set>
#include <utility>

#include "Halide.h"
#include "runtime/backend/buffer.h"
#include "schedules/attention.h"
#include "schedules/attention_parts.h"
#include "schedules/head.h"
#include "schedules/layer_norm.h"
#include "schedules/linear.h"
#include "schedules/patch_embed.h"
#include "schedules/preprocess.h"
#include "tests/cases/call_in_process.h"

namespace vit::test {

namespace {

using Param = Halide::Internal::GeneratorParam_Arithmetic<int>;

// set_impl and not set: Halide 21's set does not look at the range.
bool accepts(Param &param, int value) {
    try {
        param.set_impl(value);
        return true;
    } catch (const Halide::CompileError &) {
        return false;
    }
}

// The smallest value from zero on, and the largest: by steps that double and are then halved.
int smallest(Param &param) {
    int value = 0;
    while (!accepts(param, value)) value++;
    return value;
}

int largest(Param &param) {
    int value = smallest(param), step = 1;
    while (step < 1 << 24 && accepts(param, value + step)) step *= 2;
    for (; step > 0; step /= 2) {
        if (accepts(param, value + step)) value += step;
    }
    return value;
}

struct Range {
    std::string name;
    int low, high;
};

// The GeneratorParams of a tuning struct, all of them integers: Halide keeps a registry of where they are
// in memory, and a value out of range is an error.
template<typename Tuning>
std::vector<Range> ranges_of() {
    using Registry = Halide::Internal::ObjectInstanceRegistry;
    Tuning tuning;
    std::vector<Range> ranges;
    for (const auto &[subject, kind] : Registry::instances_in_range(&tuning, sizeof(tuning))) {
        Param &param = dynamic_cast<Param &>(*static_cast<Halide::Internal::GeneratorParamBase *>(subject));
        ranges.push_back({param.name(), smallest(param), largest(param)});
    }
    return ranges;
}

// HL_JIT_TARGET may name a target with a device: host-opencl.
const bool on_device = Halide::get_jit_target_from_environment().has_gpu_feature();

std::vector<Range> ranges_of(const std::string &stage) {
    if (on_device && stage != "preprocess") {
        return stage == "linear"        ? ranges_of<LinearGpuTuning>()
               : stage == "layer_norm"  ? ranges_of<LayerNormGpuTuning>()
               : stage == "attention"   ? ranges_of<AttentionPartsTuning>()
               : stage == "patch_embed" ? ranges_of<PatchEmbedGpuTuning>()
               : stage == "head"        ? ranges_of<HeadGpuTuning>()
                                        : std::vector<Range>();
    }
    return stage == "linear"        ? ranges_of<LinearTuning>()
           : stage == "layer_norm"  ? ranges_of<LayerNormTuning>()
           : stage == "attention"   ? ranges_of<AttentionTuning>()
           : stage == "patch_embed" ? ranges_of<PatchEmbedTuning>()
           : stage == "preprocess"  ? ranges_of<PreprocessTuning>()
           : stage == "head"        ? ranges_of<HeadTuning>()
                                    : std::vector<Range>();
}

Variant in_process(std::string name, Params params, bool checked = true) {
    Variant variant{std::move(name), {}, std::move(params), checked, nullptr, on_device};
    Params layout;
    for (const char *param : {"lanes", "token_tile", "panel"}) {
        if (const auto at = variant.params.find(param); at != variant.params.end()) layout.insert(*at);
    }
    variant.blocks = ask_blocks(compile({"", {}, layout, checked}, kernel_row("layout")));
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
    for (const Range &range : ranges_of(stage)) {
        std::vector<Variant> longer;
        for (const Variant &variant : variants) {
            for (const int value : {range.low, range.high}) {
                longer.push_back(variant);
                longer.back().name += "_" + range.name + "_" + std::to_string(value);
                longer.back().params[range.name] = std::to_string(value);
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
