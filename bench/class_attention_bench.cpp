// Attention of the class token in the last block, between its normalized tokens and the context.
#include "bench/support/answer.h"
#include "bench/support/cold_copies.h"

namespace vit::bench {
namespace {

// The weights of keys are zero, so that all scores are equal and the class token sees the mean of all
// tokens; all channels of token t are t. The weights of values are alike: the context is a multiple of the
// mean.
void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    const Geometry &g = stage.geometry;
    const auto [lanes, token_tile, panel] = g.blocks;
    const int part = g.attention_width;
    const float weight = exact_weight(a.width), bias_value = 0.25f;

    const std::size_t matrix = static_cast<std::size_t>(g.width) * part;
    ColdCopies weights(2 * matrix + part, a.depth);
    std::fill_n(weights.first(), matrix, 0.0f);
    std::fill_n(weights.first() + matrix, matrix, weight);
    std::fill_n(weights.first() + 2 * matrix, part, bias_value);
    weights.repeat();
    const Memory x = constants(g.token_matrix(g.width), 0);
    for_tokens(g, g.width, [&](std::size_t i, int t, int c) {
        if (c < a.width) x.data()[i] = static_cast<float>(t);
    });
    const Memory q = constants(static_cast<std::size_t>(part) * token_tile, 1),
                 context = constants(static_cast<std::size_t>(part) * token_tile, 0);

    const int chunk = lanes * token_tile, head = chunk * g.head_chunks;
    FloatView<5> in(x.data(), {lanes, token_tile, g.chunks(g.width), g.tiles, 1});
    const std::initializer_list<Dim> first_token{
        {lanes, 1}, {g.head_chunks, chunk}, {g.heads, head}, {1, head * g.heads}};
    FloatView<4> query(q.data(), first_token), out(context.data(), first_token);

    const double tokens = g.tokens, width = a.width;
    const Work work{4 * width * (width + a.heads * tokens),
                    4 * (2 * width * width + tokens * width + 3 * width)};
    const Kernel kernel = stage.kernel("class_attention");
    measure(state, stage, work, [&] {
        const float *copy = weights.next();
        FloatView<3> keys(copy, {panel, g.width, g.panels(part)}),
            values(copy + matrix, {panel, g.width, g.panels(part)});
        FloatView<1> bias(copy + 2 * matrix, {part});
        return stage.context.check(
            "class_attention", kernel(&stage.context, in, query, keys, values, bias,
                                                             g.tokens, out));
    });

    // Weights are one and all sums exact: only the division, and the sum with the bias, round.
    const double mean = (tokens - 1) / 2 * width * weight, answer = mean + bias_value;
    for (int c = 0; c < g.heads * g.head_chunks * lanes; c++) {
        expect("context", context.data()[c / lanes * chunk + c % lanes], answer,
               test::quotient_error * mean + test::unit * answer);
    }
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("class_attention/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
