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

    AttentionGpuTuning gpu_tuning;

    Input<Buffer<float, 7>> qkv{"qkv"};  // [di, ti, chunk, h, part, tile, b], part 0, 1, 2 for q, k, v
    Input<int> tokens{"tokens"};         // N + 1, before padding
    Input<int> threads{"threads"};       // that the tasks are for; changes no value

    // [di, ti, chunk, h, tile, b]: fewer tiles than qkv has, if only the first are asked for.
    Output<Buffer<float, 6>> context{"context"};
    // [s in panel, d, panel, h, b], panels of all tokens of qkv's tiles, the pads too: a device has no
    // memory but what it is given.
    Output<Buffer<float, 5>> *keys = nullptr;

    void configure() {
        if (get_target().has_gpu_feature()) {
            keys = add_output<Buffer<float, 5>>("keys");
        }
    }

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(qkv, tokens, qkv.dim(2).extent(), qkv.dim(5).extent(),
                      qkv.dim(3).extent() * qkv.dim(6).extent(), threads, blocks);
        context = stage->context;

        bound_tiles(qkv, blocks);
        bound_tiles(context, blocks);
        if (keys) {
            *keys = stage->keys;
            bound_panels(*keys, blocks);
        }
    }

    void schedule() {
        if (get_target().has_gpu_feature()) {
            vit::schedule(*stage, gpu_tuning, get_target());
        } else {
            vit::schedule(*stage, tuning, get_target());
        }
    }

private:
    std::optional<Attention> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::AttentionGenerator, attention)
