#include "apps/autotune/stages.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "apps/autotune/kernel.h"
#include "schedules/attention.h"
#include "schedules/attention_parts.h"
#include "schedules/head.h"
#include "schedules/layer_norm.h"
#include "schedules/linear.h"
#include "schedules/linear_fixed.h"
#include "schedules/patch_embed.h"
#include "schedules/preprocess.h"
#include "tests/cases/tiles.h"

namespace vit::autotune {

namespace {

template<typename Tuning>
Stage linear_stage(const std::string &role_name, bool on_device, LinearRole role) {
    return {
        "linear/" + role_name, on_device, tunables_of<Tuning>(),
        [role](const Shape &shape, const Layout &blocks) { return linear_problem(shape, blocks, role); }};
}

Stage linear_fixed_stage(const std::string &precision, const std::string &role_name, LinearRole role) {
    return {"linear_fixed/" + precision + "/" + role_name, false, tunables_of<LinearFixedTuning>(),
            [precision, role](const Shape &shape, const Layout &blocks) {
                return linear_fixed_problem(shape, blocks, role, precision);
            }};
}

template<typename PatchEmbed, typename LayerNorm, typename Linear, typename Attention, typename Head>
std::vector<Stage> stages_by(bool on_device) {
    std::vector<Stage> all{
        {"preprocess", false, tunables_of<PreprocessTuning>(), preprocess_problem},
        {"patch_embed", on_device, tunables_of<PatchEmbed>(), patch_embed_problem},
        {"layer_norm", on_device, tunables_of<LayerNorm>(), layer_norm_problem},
        linear_stage<Linear>("qkv", on_device, LinearRole::qkv),
        {"attention", on_device, tunables_of<Attention>(),
         [on_device](const Shape &shape, const Layout &blocks) {
             return attention_problem(shape, blocks, on_device);
         }},
        linear_stage<Linear>("proj", on_device, LinearRole::proj),
        linear_stage<Linear>("fc1", on_device, LinearRole::fc1),
        linear_stage<Linear>("fc2", on_device, LinearRole::fc2),
        {"head", on_device, tunables_of<Head>(), head_problem},
    };
    const std::pair<std::string, LinearRole> roles[] = {{"qkv", LinearRole::qkv},
                                                        {"proj", LinearRole::proj},
                                                        {"fc1", LinearRole::fc1},
                                                        {"fc2", LinearRole::fc2}};
    // A device has kernels of their own for few tokens: for one image, whatever the batch.
    for (const auto &[name, role] : roles) {
        if (on_device) {
            all.push_back(linear_stage<Linear>(name + "/few", on_device, role));
            all.back().problem = [role = role](const Shape &shape, const Layout &blocks) {
                return linear_problem({shape.architecture, 1, shape.threads}, blocks, role);
            };
        }
    }
    // A processor has those in fixed point.
    for (const std::string precision : {"i16", "i8"}) {
        for (const auto &[name, role] : roles) {
            if (!on_device) all.push_back(linear_fixed_stage(precision, name, role));
        }
    }
    return all;
}

}  // namespace

const std::vector<Stage> &stages(bool on_device) {
    static const std::vector<Stage> here =
        stages_by<PatchEmbedTuning, LayerNormTuning, LinearTuning, AttentionTuning, HeadTuning>(false);
    static const std::vector<Stage> there =
        stages_by<PatchEmbedGpuTuning, LayerNormGpuTuning, LinearGpuTuning, AttentionPartsTuning,
                  HeadGpuTuning>(true);
    return on_device ? there : here;
}

std::vector<const Stage *> stages_named(const std::vector<std::string> &names, bool on_device) {
    const std::vector<Stage> &all = stages(on_device);
    const auto is_own = [&](const std::string &name) {
        return std::any_of(all.begin(), all.end(), [&](const Stage &s) { return s.name == name; });
    };
    std::set<const Stage *> asked;
    std::string known;
    for (const Stage &stage : all) {
        known += (known.empty() ? "" : ", ") + stage.name;
        if (names.empty()) {
            asked.insert(&stage);
        }
    }
    for (const std::string &name : names) {
        const std::string group = name + "/";
        bool found = false;
        for (const Stage &stage : all) {
            if (stage.name == name || (!is_own(name) && stage.name.starts_with(group))) {
                asked.insert(&stage);
                found = true;
            }
        }
        if (!found) {
            throw std::runtime_error("there is no stage " + name + "; there are " + known);
        }
    }
    std::vector<const Stage *> in_order;
    for (const Stage &stage : all) {
        if (asked.contains(&stage)) {
            in_order.push_back(&stage);
        }
    }
    return in_order;
}

Layout blocks_of(const Halide::Target &target, const Values &layout) {
    GeneratorParams params;
    for (const auto &[name, value] : layout) {
        params[name] = std::to_string(value);
    }
    CallContext context(1);
    return cases::blocks_of(called(compile(target, "layout", params), &context));
}

}  // namespace vit::autotune
