// The classifier on one feature, an image's first token, to a softmax.
#include "bench/support/answer.h"
#include "bench/support/cold_copies.h"

namespace vit::bench {
namespace {

// Features are 0, 2, 0, 2, ... and all weights w: all logits are width x w, exactly, and all scores alike.
void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    const Geometry &g = stage.geometry;
    const auto [lanes, token_tile, panel] = g.blocks;
    const float weight = exact_weight(a.width);

    const std::size_t matrix = static_cast<std::size_t>(g.width) * g.labels;
    ColdCopies weights(matrix + g.labels, a.depth);
    std::fill_n(weights.first(), matrix, weight);  // and a bias of zero
    weights.repeat();
    const Memory x = constants(g.token_matrix(g.width), 0);
    for_tokens(g, g.width, [&](std::size_t i, int, int c) {
        if (c < a.width && c % 2 == 1) x.data()[i] = 2;
    });
    const Memory logits = constants(g.labels, 0), scores = constants(g.labels, 0);
    FloatView<5> tokens(x.data(), {lanes, token_tile, g.chunks(g.width), g.tiles, 1});
    FloatView<2> logits_view(logits.data(), {g.labels, 1}), scores_view(scores.data(), {g.labels, 1});

    const double width = a.width, labels = a.labels;
    const Work work{2 * width * labels, 4 * (width + (width + 3) * labels)};
    const Kernel kernel = stage.kernel("head/softmax");
    measure(state, stage, work, [&] {
        const float *copy = weights.next();
        FloatView<3> panels(copy, {panel, g.width, g.panels(g.labels)});
        FloatView<1> bias(copy + matrix, {g.labels});
        return stage.context.check(
            "head", kernel(&stage.context, tokens, panels, bias, 1, a.labels, logits_view, scores_view));
    });

    // Sums of powers of two are exact. An exponential, the sum of all and the division are not.
    const double logit = width * weight;
    const double score_error = 2 * test::exp_error + test::sum_error(labels) + test::quotient_error;
    for (int n = 0; n < a.labels; n++) {
        expect("a logit", logits.data()[n], logit, 0);
        expect("a score", scores.data()[n], 1 / labels, score_error / labels);
    }
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("head/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
