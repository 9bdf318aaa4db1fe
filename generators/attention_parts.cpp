#include "generators/attention_parts.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/attention_parts.h"
#include "schedules/machine.h"

namespace vit {

class AttentionPartsGenerator : public Halide::Generator<AttentionPartsGenerator> {
public:
    GeneratorParam<bool> one_part{"one_part", true};
    LayoutParams layout;
    AttentionPartsTuning tuning;

    Input<Buffer<float, 7>> qkv{"qkv"};  // [di, ti, chunk, h, part, tile, b], part 0, 1, 2 for q, k, v
    Input<int> tokens{"tokens"};         // N + 1, before padding
    Input<int> *parts = nullptr;         // of the keys, all about as large: not with one part

    // A device has no memory but what it is given.
    // [di, ti, chunk, h, tile, b]: fewer tiles than qkv has, if only the first are asked for.
    Output<Buffer<float, 6>> context{"context"};
    // [s in panel, d, panel, h, b], panels of all tokens; and [d, s, h, b].
    Output<Buffer<float, 5>> keys{"keys"};
    Output<Buffer<float, 4>> values{"values"};
    // [di, ti, chunk, tile, p, h, b], two chunks more than a head has: not with one part.
    Output<Buffer<float, 7>> *mixtures = nullptr;

    void configure() {
        if (!one_part) {
            parts = add_input<int>("parts");
            mixtures = add_output<Buffer<float, 7>>("mixtures");
        }
    }

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(qkv, tokens, qkv.dim(2).extent(),
                      parts ? Expr(*parts) : Expr(1), one_part, blocks);
        context = stage->context;
        keys = stage->keys;
        values = stage->values;
        bound_tiles(qkv, blocks);
        bound_tiles(context, blocks);
        bound_panels(keys, blocks);
        for (int i = 0; i < values.dimensions(); i++) {
            values.dim(i).set_min(0);
            if (i > 0) {
                values.dim(i).set_stride(values.dim(i).stride() / blocks.lanes * blocks.lanes);
            }
        }
        if (mixtures) {
            *mixtures = stage->mixtures;
            bound_tiles(*mixtures, blocks);
        }
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<AttentionParts> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::AttentionPartsGenerator, attention_parts)
