// Attention of one block's heads, between the qkv layer's token matrix and the context. It has no weights.
#include "bench/support/stage_bench.h"
#include "tests/cases/attention.h"

namespace vit::bench {
namespace {

void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    cases::AttentionCase attention({a.tokens(), a.heads, a.head_size(), 1, 20}, stage.blocks, 0,
                                   cases::Operands::random, stage.random);
    attention.threads = threads;
    measure(state, stage, attention);
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("attention/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
