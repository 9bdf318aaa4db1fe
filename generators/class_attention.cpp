#include "generators/class_attention.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/class_attention.h"
#include "schedules/machine.h"

namespace vit {

class ClassAttentionGenerator : public Halide::Generator<ClassAttentionGenerator> {
public:
    LayoutParams layout;
    ClassAttentionTuning tuning;

    Input<Buffer<float, 5>> x{"x"};                          // [ci, ti, chunk, tile, b], tiles
    Input<Buffer<float, 4>> q{"q"};                          // [di, chunk, h, b]: token 0 of its tiles
    Input<Buffer<float, 3>> key_weights{"key_weights"};      // [d in panel, c, panel], panels
    Input<Buffer<float, 3>> value_weights{"value_weights"};  // likewise
    Input<Buffer<float, 1>> value_bias{"value_bias"};        // [d], padded to whole panels
    Input<int> tokens{"tokens"};                             // N + 1, before padding
    Output<Buffer<float, 4>> context{"context"};             // as q

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(x, q, key_weights, value_weights, value_bias, tokens, x.dim(2).extent(),
                      q.dim(1).extent(), x.dim(3).extent(), blocks);
        context = stage->context;

        bound_tiles(x, blocks);
        bound_first_token(q, blocks);
        bound_panels(key_weights, blocks);
        bound_panels(value_weights, blocks);
        value_bias.dim(0).set_min(0);
        bound_first_token(context, blocks);
    }

    void schedule() { vit::schedule(*stage, get_pipeline(), tuning, get_target()); }

private:
    std::optional<ClassAttention> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::ClassAttentionGenerator, class_attention)
