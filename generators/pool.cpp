#include "generators/pool.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/machine.h"
#include "schedules/pool.h"

namespace vit {

class PoolGenerator : public Halide::Generator<PoolGenerator> {
public:
    LayoutParams layout;
    PoolTuning tuning;
    PoolGpuTuning gpu_tuning;

    Input<Buffer<float, 5>> x{"x"};                   // [ci, ti, chunk, tile, b]
    Input<Buffer<std::int32_t, 2>> ranges{"ranges"};  // [first token and number of tokens, f]
    Output<Buffer<float, 5>> pooled{"pooled"};        // [ci, ti, chunk, tile, b], tiles of features

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(x, ranges, x.dim(3).extent() * blocks.token_tile, ranges.dim(1).extent(), blocks);
        pooled = stage->pooled;

        bound_tiles(x, blocks);
        ranges.dim(0).set_bounds(0, 2);
        ranges.dim(1).set_min(0);
        bound_tiles(pooled, blocks);
    }

    void schedule() {
        if (get_target().has_gpu_feature()) {
            vit::schedule(*stage, get_pipeline(), gpu_tuning, get_target());
        } else {
            vit::schedule(*stage, get_pipeline(), tuning, get_target());
        }
    }

private:
    std::optional<Pool> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::PoolGenerator, pool)
