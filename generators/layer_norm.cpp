#include "generators/layer_norm.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/layer_norm.h"
#include "schedules/machine.h"

namespace vit {

// normalized as it is or, in fixed point, as the one matrix that the next product reads.
class LayerNormGenerator : public Halide::Generator<LayerNormGenerator> {
public:
    GeneratorParam<std::string> precision{"precision", "f32"};
    LayoutParams layout;
    LayerNormTuning tuning;
    LayerNormGpuTuning gpu_tuning;

    Input<Buffer<float, 4>> x{"x"};                // [ci, ti, chunk, tile]
    Input<Buffer<float, 1>> gamma{"gamma"};        // [c]
    Input<Buffer<float, 1>> beta{"beta"};          // [c]
    Input<int> channels{"channels"};               // D, before padding
    Input<float> epsilon{"epsilon"};
    Input<int> *chunks_of_group = nullptr;           // in fixed point
    Output<Buffer<float, 4>> *normalized = nullptr;  // [ci, ti, chunk, tile], or
    Output<Buffer<void, 5>> *q = nullptr;            // [ci, ti, chunk, group, tile]

    void configure() {
        if (precision.value() == "f32") {
            normalized = add_output<Buffer<float, 4>>("normalized");
        } else {
            chunks_of_group = add_input<int>("chunks_of_group");
            q = add_output<Buffer<void, 5>>("q", fixed_point_of(precision, get_target()).stored);
        }
    }

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(x, gamma, beta, channels, x.dim(2).extent(), epsilon, blocks);
        bound_tiles(x, blocks);
        gamma.dim(0).set_min(0);
        beta.dim(0).set_min(0);
        if (q) {
            stage->quantize(*chunks_of_group, fixed_point_of(precision, get_target()));
            *q = stage->quantized->q;
            bound_tiles(*q, blocks);
        } else {
            *normalized = stage->normalized;
            bound_tiles(*normalized, blocks);
        }
    }

    void schedule() {
        if (get_target().has_gpu_feature()) {
            vit::schedule(*stage, get_pipeline(), gpu_tuning, get_target());
        } else {
            vit::schedule(*stage, get_pipeline(), tuning, get_target());
        }
    }

private:
    std::optional<LayerNorm> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::LayerNormGenerator, layer_norm)
