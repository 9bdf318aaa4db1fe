// The classifier on one image's class token, to a softmax.
#include "bench/support/answer.h"
#include "bench/support/cold_copies.h"

namespace vit::bench {
namespace {

// Features are 0, 2, 0, 2, ... and all weights w: all logits are width x w and all scores alike.
void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    const Geometry &g = stage.geometry;
    const auto [lanes, token_tile, panel] = g.blocks;
    const float weight = exact_weight(a.width);

    const std::size_t matrix = static_cast<std::size_t>(g.width) * g.labels;
    ColdCopies weights(matrix + g.labels + 2 * g.width, a.depth);
    const std::size_t bias_at = matrix, gamma_at = bias_at + g.labels, beta_at = gamma_at + g.width;
    std::fill_n(weights.first(), matrix, weight);  // and a bias of zero
    std::fill_n(weights.first() + gamma_at, a.width, 1.0f);
    std::fill_n(weights.first() + beta_at, a.width, 1.0f);
    weights.repeat();
    const Memory x = normal_tokens(stage), logits = constants(g.labels, 0), scores = constants(g.labels, 0);
    FloatView<5> z(x.data(), {lanes, token_tile, g.chunks(g.width), g.tiles, 1});
    FloatView<2> logits_view(logits.data(), {g.labels, 1}), scores_view(scores.data(), {g.labels, 1});

    const double width = a.width, labels = a.labels;
    const Work work{2 * width * labels, 4 * (3 * width + (width + 3) * labels)};
    const Kernel kernel = stage.kernel("head/softmax");
    measure(state, stage, work, [&] {
        const float *copy = weights.next();
        FloatView<3> panels(copy, {panel, g.width, g.panels(g.labels)});
        FloatView<1> bias(copy + bias_at, {g.labels});
        FloatView<1> gamma(copy + gamma_at, {g.width}), beta(copy + beta_at, {g.width});
        return stage.context.check(
            "head", kernel(&stage.context, z, gamma, beta, panels, bias, a.width,
                                               a.labels, a.layer_norm_epsilon, logits_view, scores_view));
    });

    // A feature is off by what the normalized value is and one rounding of the sum with beta, the logit by
    // the sum's roundings too; a score by twice that (its own logit, and all others in the divisor), its
    // exponential, the sum of all and the division.
    const double logit = width * weight;
    const double logit_error = logit * (normal_error + 2 * test::unit + test::sum_error(width));
    const double score_error =
        2 * (logit_error + test::exp_error) + test::sum_error(labels) + test::quotient_error;
    for (int n = 0; n < a.labels; n++) {
        expect("a logit", logits.data()[n], logit, logit_error);
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
