#include "generators/patch_embed.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/machine.h"
#include "schedules/patch_embed.h"

namespace vit {

class PatchEmbedGenerator : public Halide::Generator<PatchEmbedGenerator> {
public:
    LayoutParams layout;
    PatchEmbedTuning tuning;
    PatchEmbedGpuTuning gpu_tuning;

    Input<Buffer<float, 4>> pixels{"pixels"};    // [x, y, channel, b]
    Input<Buffer<float, 3>> weights{"weights"};  // [c in panel, k, panel]
    Input<Buffer<float, 4>> origin{"origin"};    // [ci, ti, chunk, tile]
    Input<int> prefix{"prefix"};                 // tokens before the patches
    Input<int> patch_width{"patch_width"}, patch_height{"patch_height"};

    Output<Buffer<float, 7>> patches{"patches"};    // [ki, ti, chunk, row, channel, tile, b], scratch
    Output<Buffer<float, 5>> embedded{"embedded"};  // [ci, ti, chunk, tile, b]

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(pixels, weights, origin,
                      PatchEmbed::Sizes{prefix, patch_width, patch_height, pixels.dim(2).extent(),
                                        pixels.dim(0).extent() / patch_width,
                                        pixels.dim(1).extent() / patch_height},
                      blocks);
        patches = stage->patches;
        embedded = stage->embedded;

        for (int i = 0; i < 4; i++) {
            pixels.dim(i).set_min(0);
        }
        bound_panels(weights, blocks);
        bound_tiles(origin, blocks);
        bound_tiles(patches, blocks);
        bound_tiles(embedded, blocks);
    }

    void schedule() {
        if (get_target().has_gpu_feature()) {
            vit::schedule(*stage, get_pipeline(), gpu_tuning, get_target());
        } else {
            vit::schedule(*stage, get_pipeline(), tuning, get_target());
        }
    }

private:
    std::optional<PatchEmbed> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::PatchEmbedGenerator, patch_embed)
