// The mean of one image's patches.
#include "bench/support/stage_bench.h"
#include "tests/cases/pool.h"

namespace vit::bench {
namespace {

void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    cases::PoolCase pool({a.tokens(), a.width, 1, {{a.prefix.tokens(), a.patches()}}}, stage.blocks,
                         cases::Operands::random, stage.random);
    measure(state, stage, pool);
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("pool/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
