// Weights as published to panels, from each type they are published in: fc1 of a block.
#include "bench/support/stage_bench.h"
#include "tests/cases/pack.h"

namespace vit::bench {
namespace {

// Source and panels both change from call to call: a checkpoint is read once.
void run(benchmark::State &state, const std::string &architecture, const std::string &type, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    using cases::PackPanelsCase;
    const int panel = stage.blocks.panel;
    PackPanelsCase pack({a.width, a.mlp_width, a.depth}, stage.blocks, "pack_panels/" + type, 0.5f,
                        PackPanelsCase::map_of(a.mlp_width, a.mlp_width, panel),
                        PackPanelsCase::map_of(a.width, a.width, panel), stage.random);
    measure(state, stage, pack);
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        for (const std::string type : {"f32", "f16", "bf16"}) {
            add("pack/" + architecture + "/fc1/" + type, [=](benchmark::State &state, int threads) {
                run(state, architecture, type, threads);
            });
        }
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
