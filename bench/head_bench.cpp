// The classifier on one image's class token, to a softmax.
#include "bench/support/stage_bench.h"
#include "tests/cases/head.h"

namespace vit::bench {
namespace {

void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    cases::HeadCase head({1, 1, a.width, a.labels, 1, a.depth}, stage.blocks, "head/softmax", 0,
                         stage.random);
    measure(state, stage, head);
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("head/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
