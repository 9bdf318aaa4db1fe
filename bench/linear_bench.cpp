// The linear layers of a block: tokens x inputs times inputs x outputs.
#include "bench/support/stage_bench.h"
#include "tests/cases/linear.h"

namespace vit::bench {
namespace {

struct Layer {
    const char *name, *kernel;
    int Architecture::*inputs;
    int Architecture::*outputs;
    int parts;  // side by side in the outputs
};

constexpr Layer layers[] = {
    {"qkv", "linear/qkv", &Architecture::width, &Architecture::width, 3},
    {"proj", "linear/proj", &Architecture::width, &Architecture::width, 1},
    {"fc1", "linear/fc1/gelu_erf", &Architecture::width, &Architecture::mlp_width, 1},
    {"fc2", "linear/fc2", &Architecture::mlp_width, &Architecture::width, 1},
};

void run(benchmark::State &state, const std::string &architecture, const Layer &layer, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    cases::LinearCase linear({a.tokens(), a.*layer.inputs, layer.parts * (a.*layer.outputs), 1, 64, 64, 1,
                              a.depth},
                             stage.blocks, layer.kernel, cases::Operands::random, stage.random);
    measure(state, stage, linear);
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        for (const Layer &layer : layers) {
            add("linear/" + architecture + "/" + layer.name,
                [=, &layer](benchmark::State &state, int threads) {
                    run(state, architecture, layer, threads);
                });
        }
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
