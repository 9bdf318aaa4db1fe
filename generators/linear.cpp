#include "generators/linear.h"

#include <optional>

#include "generators/bounds.h"
#include "generators/half.h"
#include "schedules/linear.h"
#include "schedules/machine.h"

namespace vit {

class LinearGenerator : public Halide::Generator<LinearGenerator> {
public:
    GeneratorParam<std::string> epilogue{"epilogue", "none"};
    GeneratorParam<std::string> precision{"precision", "f32"};  // of the weights in memory: f32, f16 or bf16
    LayoutParams layout;
    LinearTuning tuning;
    LinearGpuTuning gpu_tuning;

    Input<Buffer<float, 4>> x{"x"};               // [ki, ti, chunk, tile], tiles
    Input<Buffer<void, 3>> weights{"weights"};    // [c in panel, k, panel], panels
    Input<Buffer<float, 1>> bias{"bias"};         // [c], padded as the weights' outputs
    Input<Buffer<float, 4>> *residual = nullptr;  // [ci, ti, chunk, tile]; may be y itself
    Output<Buffer<float, 4>> y{"y"};              // [ci, ti, chunk, tile]

    void configure() {
        weights.set_type(stored_type_of(half_named(precision)));
        if (Epilogue::named(epilogue).residual) {
            residual = add_input<Buffer<float, 4>>("residual");
        }
    }

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        const bool on_device = get_target().has_gpu_feature();
        // Inputs are whole panels: said so, chunks can be unrolled without a guard.
        const Expr chunks = x.dim(2).extent();
        Func widened_weights = weights;
        if (const Half half = half_named(precision); half != Half::none) {
            widened_weights = Func("widened_weights");
            widened_weights(dims::ci, dims::c, dims::panel) =
                widened(weights(dims::ci, dims::c, dims::panel), half, machine_of(get_target()).has_f16);
        }
        stage.emplace(x, widened_weights, bias, residual ? Func(*residual) : Func(),
                      on_device ? chunks / blocks.vectors() * blocks.vectors() : chunks, x.dim(3).extent(),
                      weights.dim(2).extent(), on_device, Epilogue::named(epilogue), blocks);
        stage->widens = !loads_widened(half_named(precision), machine_of(get_target()).has_f16);
        y = stage->y;

        bound_tiles(x, blocks);
        bound_panels(weights, blocks);
        bias.dim(0).set_min(0);
        if (residual) {
            bound_tiles(*residual, blocks);
        }
        bound_tiles(y, blocks);
    }

    void schedule() {
        if (get_target().has_gpu_feature()) {
            vit::schedule(*stage, get_pipeline(), gpu_tuning, get_target());
        } else {
            vit::schedule(*stage, get_pipeline(), tuning, get_target());
        }
    }

private:
    std::optional<Linear> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::LinearGenerator, linear)
