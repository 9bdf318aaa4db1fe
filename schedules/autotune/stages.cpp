#include "schedules/autotune/stages.h"

#include <array>
#include <stdexcept>

#include "runtime/buffer.h"
#include "schedules/attention.h"
#include "schedules/autotune/kernel.h"
#include "schedules/head.h"
#include "schedules/layer_norm.h"
#include "schedules/linear.h"
#include "schedules/patch_embed.h"
#include "schedules/preprocess.h"

namespace vit::autotune {

namespace {

Stage linear_stage(const char *role_name, LinearRole role) {
    return {
        std::string("linear/") + role_name, tunables_of<LinearTuning>(),
        [role](const Shape &shape, const Blocks &blocks) { return linear_problem(shape, blocks, role); }};
}

}  // namespace

const std::vector<Stage> &stages() {
    static const std::vector<Stage> all{
        {"preprocess", tunables_of<PreprocessTuning>(), preprocess_problem},
        {"patch_embed", tunables_of<PatchEmbedTuning>(), patch_embed_problem},
        {"layer_norm", tunables_of<LayerNormTuning>(), layer_norm_problem},
        linear_stage("qkv", LinearRole::qkv),
        {"attention", tunables_of<AttentionTuning>(), attention_problem},
        linear_stage("proj", LinearRole::proj),
        linear_stage("fc1", LinearRole::fc1),
        linear_stage("fc2", LinearRole::fc2),
        {"head", tunables_of<HeadTuning>(), head_problem},
    };
    return all;
}

const Stage &stage_named(const std::string &name) {
    std::string known;
    for (const Stage &stage : stages()) {
        if (stage.name == name) {
            return stage;
        }
        known += (known.empty() ? "" : ", ") + stage.name;
    }
    throw std::runtime_error("there is no stage " + name + "; there are " + known);
}

Blocks blocks_of(const Halide::Target &target, const Values &layout) {
    GeneratorParams params;
    for (const auto &[name, value] : layout) {
        params[name] = std::to_string(value);
    }
    std::array<int, 3> blocks{};
    BufferView<1> view(blocks.data(), halide_type_of<std::int32_t>(), {3});
    halide_buffer_t *buffer = view;
    CallContext context(1);
    compile(target, "layout", params)(static_cast<Halide::JITUserContext *>(&context), buffer);
    return {blocks[0], blocks[1], blocks[2]};
}

}  // namespace vit::autotune
