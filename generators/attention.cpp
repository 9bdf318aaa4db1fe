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

    // Parts of one token matrix: [di, ti, chunk, h, tile, b]
    Input<Buffer<float, 6>> q{"q"}, k{"k"}, v{"v"};
    Input<int> tokens{"tokens"};    // N + 1, before padding
    Input<int> threads{"threads"};  // that the tasks are for; changes no value

    Output<Buffer<float, 6>> context{"context"};  // [di, ti, chunk, h, tile, b]

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(q, k, v, tokens, q.dim(2).extent(), q.dim(4).extent(),
                      q.dim(3).extent() * q.dim(5).extent(), threads, blocks);
        context = stage->context;

        bound_tiles(q, blocks);
        bound_tiles(k, blocks);
        bound_tiles(v, blocks);
        bound_tiles(context, blocks);
    }

    void schedule() {
        vit::schedule(*stage, tuning, get_target());
    }

private:
    std::optional<Attention> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::AttentionGenerator, attention)
