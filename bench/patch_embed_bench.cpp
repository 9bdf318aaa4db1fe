// From one image's pixels to its embedded tokens.
#include "bench/support/stage_bench.h"
#include "tests/cases/patch_embed.h"

namespace vit::bench {
namespace {

void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    cases::PatchEmbedCase embedding({a.image_width, a.image_height, a.channels, a.patch_width,
                                     a.patch_height, a.prefix.tokens(), a.width, 1, 64, 64, a.depth},
                                    stage.blocks, cases::Operands::random, stage.random);
    measure(state, stage, embedding);
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("patch_embed/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
