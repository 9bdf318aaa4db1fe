#include "generators/layer_norm.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/layer_norm.h"
#include "schedules/machine.h"

namespace vit {

class LayerNormGenerator : public Halide::Generator<LayerNormGenerator> {
public:
    LayoutParams layout;
    LayerNormTuning tuning;
    LayerNormGpuTuning gpu_tuning;

    Input<Buffer<float, 4>> x{"x"};                // [ci, ti, chunk, tile]
    Input<Buffer<float, 1>> gamma{"gamma"};        // [c]
    Input<Buffer<float, 1>> beta{"beta"};          // [c]
    Input<int> channels{"channels"};               // D, before padding
    Input<float> epsilon{"epsilon"};
    Output<Buffer<float, 4>> normalized{"normalized"};  // [ci, ti, chunk, tile]

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(x, gamma, beta, channels, x.dim(2).extent(), epsilon, blocks);
        normalized = stage->normalized;

        bound_tiles(x, blocks);
        gamma.dim(0).set_min(0);
        beta.dim(0).set_min(0);
        bound_tiles(normalized, blocks);
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
