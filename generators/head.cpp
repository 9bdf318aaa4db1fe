#include "generators/head.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/head.h"
#include "schedules/machine.h"

namespace vit {

class HeadGenerator : public Halide::Generator<HeadGenerator> {
public:
    GeneratorParam<HeadScores> kind{"kind", HeadScores::softmax,
                                    {{"softmax", HeadScores::softmax},
                                     {"sigmoid", HeadScores::sigmoid},
                                     {"identity", HeadScores::identity}}};
    LayoutParams layout;
    HeadTuning tuning;
    HeadGpuTuning gpu_tuning;

    Input<Buffer<float, 5>> tokens{"tokens"};    // [ci, ti, chunk, tile, b], features first
    Input<Buffer<float, 3>> weights{"weights"};  // [n in panel, k, panel], k = (c, f)
    Input<Buffer<float, 1>> bias{"bias"};        // [n], padded to whole panels
    Input<int> features{"features"};             // F
    Input<int> labels{"labels"};                 // K, before padding
    Output<Buffer<float, 2>> logits{"logits"};   // [n, b], n padded to whole panels
    Output<Buffer<float, 2>> scores{"scores"};   // [n, b], likewise

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        // Channels are whole panels: said so, a device's items share them without a guard.
        const Expr chunks = get_target().has_gpu_feature()
                                ? tokens.dim(2).extent() / blocks.vectors() * blocks.vectors()
                                : tokens.dim(2).extent();
        stage.emplace(tokens, weights, bias, chunks, features, labels, kind, blocks);
        logits = stage->logits;
        scores = stage->scores;

        bound_tiles(tokens, blocks);
        bound_panels(weights, blocks);
        bias.dim(0).set_min(0);
        for (OutputBuffer *out : {&logits, &scores}) {
            out->dim(0).set_min(0);
            out->dim(1).set_min(0);
        }
    }

    void schedule() {
        if (get_target().has_gpu_feature()) {
            vit::schedule(*stage, get_pipeline(), gpu_tuning, get_target());
        } else {
            vit::schedule(*stage, get_pipeline(), tuning, get_target());
        }
    }

private:
    using OutputBuffer = Output<Buffer<float, 2>>;
    std::optional<Head> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::HeadGenerator, head)
