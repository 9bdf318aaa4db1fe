#include "generators/attention.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/attention.h"
#include "schedules/machine.h"

namespace vit {

class AttentionGenerator : public Halide::Generator<AttentionGenerator> {
public:
    GeneratorParam<std::string> precision{"precision", "f32"};  // of context
    LayoutParams layout;
    AttentionTuning tuning;

    Input<Buffer<float, 7>> qkv{"qkv"};  // [di, ti, chunk, h, part, tile, b], part 0, 1, 2 for q, k, v
    Input<int> tokens{"tokens"};         // N + 1, before padding
    Input<int> threads{"threads"};       // that the tasks are for; changes no value

    // [di, ti, chunk, h, tile, b]: fewer tiles than qkv has, if only the first are asked for. In fixed point
    // a group is a head.
    Output<Buffer<void, 6>> context{"context"};

    void configure() {
        context.set_type(precision.value() == "f32" ? Float(32)
                                                    : fixed_point_of(precision, get_target()).stored);
    }

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(qkv, tokens, qkv.dim(2).extent(), qkv.dim(5).extent(),
                      qkv.dim(3).extent() * qkv.dim(6).extent(), threads, blocks);
        if (precision.value() == "f32") {
            context = stage->context;
        } else {
            stage->quantize(fixed_point_of(precision, get_target()));
            context = stage->quantized->q;
        }

        bound_tiles(qkv, blocks);
        bound_tiles(context, blocks);
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<Attention> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::AttentionGenerator, attention)
