// The layer norm of all tokens.
#include "bench/support/stage_bench.h"
#include "tests/cases/layer_norm.h"

namespace vit::bench {
namespace {

void run(benchmark::State &state, const std::string &architecture, const std::string &kernel, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    cases::LayerNormCase norm({a.tokens(), a.width, 1, a.tokens(), 2 * a.depth}, stage.blocks, 0.3f, 2,
                              a.layer_norm_epsilon, stage.random, kernel);
    measure(state, stage, norm);
}

const bool registered = [] {
    for (const std::string kernel : {"layer_norm", "layer_norm/i16", "layer_norm/i8"}) {
        for (const std::string architecture : architectures) {
            add(kernel + "/" + architecture,
                [=](benchmark::State &state, int threads) { run(state, architecture, kernel, threads); });
        }
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
