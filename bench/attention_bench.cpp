// Attention of one block's heads, between the qkv layer's token matrix and the context. It has no weights.
#include "bench/support/stage_bench.h"
#include "tests/cases/attention.h"

namespace vit::bench {
namespace {

void run(benchmark::State &state, const std::string &architecture, const std::string &kernel, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    cases::AttentionCase attention({a.tokens(), a.heads, a.head_size(), 1, 20}, stage.blocks, 0,
                                   cases::Operands::random, stage.random, kernel);
    attention.threads = threads;
    measure(state, stage, attention);
}

const bool registered = [] {
    for (const std::string kernel : {"attention", "attention/i16", "attention/i8"}) {
        for (const std::string architecture : architectures) {
            add(kernel + "/" + architecture,
                [=](benchmark::State &state, int threads) { run(state, architecture, kernel, threads); });
        }
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
