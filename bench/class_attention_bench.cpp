// Attention of the class token in the last block, between its normalized tokens and the context.
#include "bench/support/stage_bench.h"
#include "tests/cases/class_attention.h"

namespace vit::bench {
namespace {

void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    cases::ClassAttentionCase attention({a.tokens(), a.width, a.heads, a.head_size(), 1, 3, a.depth},
                                        stage.blocks, cases::Operands::random, stage.random);
    measure(state, stage, attention);
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("class_attention/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
