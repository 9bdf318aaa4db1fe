// The mean of one image's patches.
#include "bench/support/answer.h"

namespace vit::bench {
namespace {

// All channels of token t are t.
void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    const Geometry &g = stage.geometry;
    const auto [lanes, token_tile, panel] = g.blocks;
    const Memory x = constants(g.token_matrix(g.width), 0);
    for_tokens(g, g.width, [&](std::size_t i, int t, int) { x.data()[i] = static_cast<float>(t); });
    const Memory pooled = constants(static_cast<std::size_t>(token_tile) * g.width, 1);
    std::int32_t range[2] = {g.tokens - a.patches(), a.patches()};
    FloatView<5> x_view(x.data(), {lanes, token_tile, g.chunks(g.width), g.tiles, 1});
    BufferView<2> ranges_view(range, halide_type_of<std::int32_t>(), {2, 1});
    FloatView<5> pooled_view(pooled.data(), {lanes, token_tile, g.chunks(g.width), 1, 1});

    const double values = static_cast<double>(a.patches()) * a.width;
    const Work work{values, 4 * (values + a.width)};
    const Kernel kernel = stage.kernel("pool");
    measure(state, stage, work, [&] {
        return stage.context.check("pool", kernel(&stage.context, x_view, ranges_view, pooled_view));
    });

    // The sum is exact, the division is not.
    const double mean = range[0] + (range[1] - 1) / 2.0;
    for (int c = 0; c < g.width; c++) {
        const double computed = pooled.data()[c / lanes * lanes * token_tile + c % lanes];
        expect("pooled", computed, mean, test::quotient_error * mean);
    }
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("pool/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
