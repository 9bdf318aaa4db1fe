#include "generators/quantize_panels.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/machine.h"
#include "schedules/quantize_panels.h"

namespace vit {

class QuantizePanelsGenerator : public Halide::Generator<QuantizePanelsGenerator> {
public:
    GeneratorParam<std::string> precision{"precision", "i16"};
    LayoutParams layout;
    QuantizePanelsTuning tuning;

    Input<Buffer<float, 3>> panels{"panels"};              // [c in panel, k, panel]
    Input<int> inputs_of_group{"inputs_of_group"};
    Output<Buffer<void, 4>> weights{"weights"};            // [ki, c in panel, multiply-add, panel]
    Output<Buffer<float, 2>> terms{"terms"};               // [c, 1 + groups], or [c, 1]

    void configure() {
        weights.set_type(fixed_point_of(precision, get_target()).weight);
    }

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        const FixedPoint fixed = fixed_point_of(precision, get_target());
        stage.emplace(panels, panels.dim(1).extent(), inputs_of_group, fixed, blocks);
        weights = stage->weights;
        terms = stage->terms;
        bound_panels(panels, blocks);
        bound_fixed_panels(weights, fixed, blocks);
        terms.dim(0).set_min(0);
        terms.dim(1).set_min(0);
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<QuantizePanels> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::QuantizePanelsGenerator, quantize_panels)
