// Panels of float32 into fixed point: fc1 of a block.
#include "bench/support/stage_bench.h"
#include "tests/cases/quantize_panels.h"

namespace vit::bench {
namespace {

void run(benchmark::State &state, const std::string &architecture, const std::string &precision,
         int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    cases::QuantizePanelsCase quantize({a.width, a.mlp_width}, stage.blocks, "quantize_panels/" + precision,
                                       cases::Operands::random, stage.random);
    measure(state, stage, quantize);
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        for (const std::string precision : {"i16", "i8"}) {
            add("quantize_panels/" + architecture + "/fc1/" + precision,
                [=](benchmark::State &state, int threads) { run(state, architecture, precision, threads); });
        }
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
