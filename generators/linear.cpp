#include "generators/linear.h"

#include <optional>

#include "schedules/linear.h"
#include "schedules/machine.h"

namespace vit {

class LinearGenerator : public Halide::Generator<LinearGenerator> {
public:
    GeneratorParam<Epilogue> epilogue{"epilogue", Epilogue::none,
                                      {{"none", Epilogue::none},
                                       {"gelu_erf", Epilogue::gelu_erf},
                                       {"gelu_tanh", Epilogue::gelu_tanh},
                                       {"residual", Epilogue::residual}}};
    LayoutParams layout;
    LinearTuning tuning;

    Input<Buffer<float, 4>> x{"x"};                // [ki, ti, chunk, tile], tiles
    Input<Buffer<float, 3>> weights{"weights"};    // [c in panel, k, panel], panels
    Input<Buffer<float, 1>> bias{"bias"};          // [c], padded as y
    Input<Buffer<float, 4>> *residual = nullptr;   // [ci, ti, chunk, tile]; may be y itself
    Output<Buffer<float, 4>> y{"y"};               // [ci, ti, chunk, tile]

    void configure() {
        if (epilogue == Epilogue::residual) {
            residual = add_input<Buffer<float, 4>>("residual");
        }
    }

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        set_tile_bounds(x, blocks);
        if (residual) {
            set_tile_bounds(*residual, blocks);
        }
        weights.dim(0).set_bounds(0, blocks.panel);
        weights.dim(1).set_min(0).set_stride(blocks.panel);
        weights.dim(2).set_min(0).set_stride(blocks.panel * weights.dim(1).extent());
        bias.dim(0).set_min(0);
        Func none;
        stage.emplace(x, weights, bias, residual ? Func(*residual) : none, x.dim(2).extent(), epilogue, blocks);
        y = stage->y;
        set_tile_bounds(y, blocks);
    }

    void schedule() {
        vit::schedule(*stage, tuning, get_target());
    }

private:
    template<typename B>
    static void set_tile_bounds(B &buffer, const Layout &layout) {
        buffer.dim(0).set_bounds(0, layout.lanes);
        buffer.dim(1).set_bounds(0, layout.token_tile).set_stride(layout.lanes);
        buffer.dim(2).set_min(0).set_stride(layout.lanes * layout.token_tile);
        buffer.dim(3).set_min(0);
    }

    std::optional<Linear> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::LinearGenerator, linear)
