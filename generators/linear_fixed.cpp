#include "generators/linear_fixed.h"

#include "generators/bounds.h"
#include "schedules/linear_fixed.h"
#include "schedules/machine.h"

namespace vit {

class LinearFixedGenerator : public Halide::Generator<LinearFixedGenerator> {
public:
    GeneratorParam<std::string> precision{"precision", "i16"};
    GeneratorParam<std::string> epilogue{"epilogue", "none"};
    LayoutParams layout;
    LinearFixedTuning tuning;

    Input<Buffer<void, 5>> x{"x"};                           // [ki, ti, chunk, group, tile]
    Input<Buffer<void, 4>> weights{"weights"};               // [ki, c in panel, multiply-add, panel]
    Input<Buffer<float, 2>> weight_terms{"weight_terms"};    // [c, 1 + groups of x], or [c, 1]
    Input<Buffer<float, 1>> bias{"bias"};                    // [c]
    Input<Buffer<float, 4>> *residual = nullptr;             // [ci, ti, chunk, tile]; may be y itself
    Input<int> *chunks_of_group = nullptr;                   // of y, if it is quantized
    Output<Buffer<float, 4>> *y = nullptr;                   // [ci, ti, chunk, tile], or
    Output<Buffer<void, 5>> *q = nullptr;                    // [ci, ti, chunk, group, tile]

    void configure() {
        const FixedPoint fixed = fixed_point_of(precision, get_target());
        const Epilogue its = Epilogue::named(epilogue);
        x.set_type(fixed.stored);
        weights.set_type(fixed.weight);
        if (its.residual) {
            residual = add_input<Buffer<float, 4>>("residual");
        }
        if (its.activation) {
            chunks_of_group = add_input<int>("chunks_of_group");
            q = add_output<Buffer<void, 5>>("q", fixed.stored);
        } else {
            y = add_output<Buffer<float, 4>>("y");
        }
    }

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        const FixedPoint fixed = fixed_point_of(precision, get_target());
        stage.emplace(x, weights, weight_terms, bias, residual ? Func(*residual) : Func(),
                      x.dim(2).extent() - fixed.terms(), x.dim(3).extent(), x.dim(4).extent(),
                      chunks_of_group ? Expr(*chunks_of_group) : Expr(), Epilogue::named(epilogue), fixed,
                      blocks);
        bound_tiles(x, blocks);
        bound_fixed_panels(weights, fixed, blocks);
        weight_terms.dim(0).set_min(0);
        weight_terms.dim(1).set_min(0);
        bias.dim(0).set_min(0);
        if (residual) {
            bound_tiles(*residual, blocks);
        }
        if (q) {
            *q = stage->quantized->q;
            bound_tiles(*q, blocks);
        } else {
            *y = stage->y;
            bound_tiles(*y, blocks);
        }
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<LinearFixed> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::LinearFixedGenerator, linear_fixed)
