// The layer norm of all tokens.
#include "bench/support/answer.h"
#include "bench/support/cold_copies.h"

namespace vit::bench {
namespace {

// Tokens of mean 0 and variance 1, scaled by 2 and shifted by 1.
void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    const Geometry &g = stage.geometry;
    const auto [lanes, token_tile, panel] = g.blocks;

    ColdCopies weights(2 * static_cast<std::size_t>(g.width), 2 * a.depth);  // gamma and beta
    std::fill_n(weights.first(), g.width, 2.0f);
    std::fill_n(weights.first() + g.width, g.width, 1.0f);
    weights.repeat();
    const Memory x = normal_tokens(stage), y = constants(g.token_matrix(g.width), 0);
    FloatView<4> x_view(x.data(), {lanes, token_tile, g.chunks(g.width), g.tiles});
    FloatView<4> y_view(y.data(), {lanes, token_tile, g.chunks(g.width), g.tiles});

    const double values = static_cast<double>(a.tokens()) * a.width;
    const Work work{7 * values, 4 * (2 * values + 2.0 * a.width)};
    const Kernel kernel = stage.kernel("layer_norm");
    measure(state, stage, work, [&] {
        const float *copy = weights.next();
        FloatView<1> gamma(copy, {g.width}), beta(copy + g.width, {g.width});
        return stage.context.check("layer_norm",
                                   kernel(&stage.context, x_view, gamma, beta, a.width,
                                                            a.layer_norm_epsilon, y_view));
    });

    for_tokens(g, g.width, [&](std::size_t i, int t, int c) {
        if (t >= g.tokens || c >= a.width) return;
        const double exact = 2.0 * x.data()[i] + 1;
        expect("y", y.data()[i], exact, 2 * normal_error + test::unit * std::abs(exact));
    });
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("layer_norm/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
