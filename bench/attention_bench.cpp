// Attention of one block's heads, between the qkv layer's token matrix and the context. It has no weights.
#include "bench/support/answer.h"

namespace vit::bench {
namespace {

// All keys are equal, so that every query sees the mean of the values: value t of each channel is t.
void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Geometry &g = stage.geometry;
    const auto [lanes, token_tile, panel] = g.blocks;
    const int part = g.attention_width, head = g.head_chunks * lanes;

    const Memory qkv = constants(g.token_matrix(3 * part), 0.25f);
    for_tokens(g, 3 * part, [&](std::size_t i, int t, int c) {
        if (c >= 2 * part) qkv.data()[i] = static_cast<float>(t);
    });
    const Memory context = constants(g.token_matrix(part), 0);

    const std::int64_t chunk = static_cast<std::int64_t>(lanes) * token_tile;
    const std::int64_t tile = chunk * g.chunks(part);
    FloatView<7> from(qkv.data(), {Dim{lanes, 1}, Dim{token_tile, lanes}, Dim{g.head_chunks, chunk},
                                   Dim{g.heads, chunk * g.head_chunks}, Dim{3, tile}, Dim{g.tiles, 3 * tile},
                                   Dim{1, 3 * tile * g.tiles}});
    FloatView<6> to(context.data(), {Dim{lanes, 1}, Dim{token_tile, lanes}, Dim{g.head_chunks, chunk},
                                     Dim{g.heads, chunk * g.head_chunks}, Dim{g.tiles, tile},
                                     Dim{1, tile * g.tiles}});

    const double tokens = g.tokens, width = stage.architecture.width;
    const Work work{4 * tokens * tokens * width, 4 * 4 * tokens * width};
    const Kernel kernel = stage.kernel("attention");
    measure(state, stage, work, [&] {
        return stage.context.check("attention",
                                   kernel(&stage.context, from, g.tokens, threads, to));
    });

    // The weights are one and their sums integers: only the division and the product with it round.
    const double mean = (tokens - 1) / 2, tolerance = (test::quotient_error + 2 * test::unit) * mean;
    for_tokens(g, part, [&](std::size_t i, int t, int c) {
        if (t < g.tokens && c < g.heads * head) expect("context", context.data()[i], mean, tolerance);
    });
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("attention/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
