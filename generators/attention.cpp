#include "generators/attention.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/attention.h"
#include "schedules/machine.h"

namespace vit {

class AttentionGenerator : public Halide::Generator<AttentionGenerator> {
public:
    LayoutParams layout;
    AttentionTuning tuning;

    Input<Buffer<float, 7>> qkv{"qkv"};  // [di, ti, chunk, h, part, tile, b], part 0, 1, 2 for q, k, v
    Input<int> tokens{"tokens"};         // N + 1, before padding
    Input<int> threads{"threads"};       // that the tasks are for; changes no value

    // [di, ti, chunk, h, tile, b]: fewer tiles than qkv has, if only the first are asked for.
    Output<Buffer<float, 6>> context{"context"};

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(qkv, tokens, qkv.dim(2).extent(), qkv.dim(5).extent(),
                      qkv.dim(3).extent() * qkv.dim(6).extent(), threads, blocks);
        context = stage->context;

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
