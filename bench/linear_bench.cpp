// The linear layers of a block: tokens x inputs times inputs x outputs.
#include "bench/support/answer.h"
#include "bench/support/cold_copies.h"

namespace vit::bench {
namespace {

struct Layer {
    const char *name;
    int Geometry::*inputs;  // padded
    int Geometry::*outputs;
    int parts;               // side by side in the outputs
    int Architecture::*true_inputs;
    int Architecture::*true_outputs;
    bool residual;           // added to what is there already
};

constexpr Layer layers[] = {
    {"qkv", &Geometry::width, &Geometry::attention_width, 3, &Architecture::width, &Architecture::width,
     false},
    {"proj", &Geometry::attention_width, &Geometry::width, 1, &Architecture::width, &Architecture::width,
     true},
    {"fc1", &Geometry::width, &Geometry::mlp_width, 1, &Architecture::width, &Architecture::mlp_width,
     false},
    {"fc2", &Geometry::mlp_width, &Geometry::width, 1, &Architecture::mlp_width, &Architecture::width,
     true},
};

Work work_of(const Architecture &a, const Layer &layer) {
    const double tokens = a.tokens(), inputs = a.*layer.true_inputs;
    const double outputs = static_cast<double>(layer.parts) * (a.*layer.true_outputs);
    return {2 * tokens * inputs * outputs,
            4 * (tokens * (inputs + (layer.residual ? 2 : 1) * outputs) + (inputs + 1) * outputs)};
}

// All inputs are one and all weights w: every product is inputs x w, pads included.
void run(benchmark::State &state, const std::string &architecture, const Layer &layer, int threads) {
    Stage stage(architecture, threads);
    const Geometry &g = stage.geometry;
    const int inputs = g.*layer.inputs, outputs = layer.parts * g.*layer.outputs;
    const auto [lanes, token_tile, panel] = g.blocks;
    const float weight = exact_weight(inputs);
    const double product = static_cast<double>(inputs) * weight;

    const std::size_t matrix = static_cast<std::size_t>(inputs) * outputs;
    ColdCopies weights(matrix + outputs, stage.architecture.depth);
    std::fill_n(weights.first(), matrix, weight);  // and a bias of zero
    weights.repeat();
    const Memory x = constants(g.token_matrix(inputs), 1), y = constants(g.token_matrix(outputs), 0);
    FloatView<4> x_view(x.data(), {lanes, token_tile, g.chunks(inputs), g.tiles});
    FloatView<4> y_view(y.data(), {lanes, token_tile, g.chunks(outputs), g.tiles});

    const std::string name = layer.name;
    const Kernel kernel = stage.kernel("linear/" + name + (name == "fc1" ? "/gelu_erf" : ""));
    const auto calls = measure(state, stage, work_of(stage.architecture, layer), [&] {
        const float *copy = weights.next();
        FloatView<3> panels(copy, {panel, inputs, outputs / panel});
        FloatView<1> bias(copy + matrix, {outputs});
        KernelContext *context = &stage.context;
        const int code = layer.residual ? kernel(context, x_view, panels, bias, y_view, y_view)
                                        : kernel(context, x_view, panels, bias, y_view);
        return context->check(layer.name, code);
    });

    // The residual grows by one exact product a call, of at most three bits at the named sizes, and stays
    // exact for four million calls.
    const bool gelu = name == "fc1";
    const double exact = gelu             ? product * std::erfc(-product / std::sqrt(2.0)) / 2
                         : layer.residual ? product * static_cast<double>(calls)
                                          : product;
    const double tolerance = gelu ? test::gelu_error * product : 0;
    for_tokens(g, outputs, [&](std::size_t i, int t, int) {
        if (t < g.tokens) expect("y", y.data()[i], exact, tolerance);
    });
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
