// The linear layers of a block in fixed point: tokens x inputs times inputs x outputs.
#include "bench/support/stage_bench.h"
#include "tests/cases/linear_fixed.h"

namespace vit::bench {
namespace {

struct Layer {
    const char *name, *role;
    int Architecture::*inputs;
    int Architecture::*outputs;
    int parts;  // side by side in the outputs
};

constexpr Layer layers[] = {
    {"qkv", "qkv", &Architecture::width, &Architecture::width, 3},
    {"proj", "proj", &Architecture::width, &Architecture::width, 1},
    {"fc1", "fc1/gelu_erf", &Architecture::width, &Architecture::mlp_width, 1},
    {"fc2", "fc2", &Architecture::mlp_width, &Architecture::width, 1},
};

void run(benchmark::State &state, const std::string &architecture, const Layer &layer,
         const std::string &precision, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    cases::LinearFixedCase linear({a.tokens(), a.*layer.inputs, layer.parts * (a.*layer.outputs), 1, 64, 64,
                                   1, a.depth},
                                  stage.blocks, "linear_fixed/" + precision + "/" + layer.role,
                                  cases::Operands::random, stage.random);
    measure(state, stage, linear);
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        for (const std::string precision : {"i16", "i8"}) {
            for (const Layer &layer : layers) {
                add("linear_fixed/" + precision + "/" + architecture + "/" + layer.name,
                    [=, &layer](benchmark::State &state, int threads) {
                        run(state, architecture, layer, precision, threads);
                    });
            }
        }
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
