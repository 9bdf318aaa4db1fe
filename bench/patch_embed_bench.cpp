// From one image's pixels to its embedded tokens.
#include "bench/support/answer.h"
#include "bench/support/cold_copies.h"

namespace vit::bench {
namespace {

// All pixels are one and all weights w; token t starts at t. All sums are exact.
void run(benchmark::State &state, const std::string &architecture, int threads) {
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    const Geometry &g = stage.geometry;
    const auto [lanes, token_tile, panel] = g.blocks;
    const int inputs = a.channels * a.patch_height * a.patch_width;
    const int prefix = g.tokens - a.patches();
    const float weight = exact_weight(inputs);

    const std::size_t matrix = static_cast<std::size_t>(g.patch_values) * g.width;
    ColdCopies weights(matrix + g.token_matrix(g.width), a.depth);
    for (std::size_t i = 0; i < matrix; i++) {
        const int column = static_cast<int>(i / panel % (g.patch_chunks * lanes));  // pads are zero
        weights.first()[i] = column < a.patch_width ? weight : 0;
    }
    for_tokens(g, g.width, [&](std::size_t i, int t, int) {
        weights.first()[matrix + i] = static_cast<float>(t);
    });
    weights.repeat();
    const std::size_t pixel_count = static_cast<std::size_t>(a.channels) * a.image_height * a.image_width;
    const Memory pixels = constants(pixel_count, 1);
    const Memory patches = constants(g.token_matrix(g.patch_values), 0);
    const Memory embedded = constants(g.token_matrix(g.width), 0);
    FloatView<4> in(pixels.data(), {a.image_width, a.image_height, a.channels, 1});
    FloatView<7> patches_view(patches.data(), {lanes, token_tile, g.patch_chunks, a.patch_height,
                                               a.channels, g.tiles, 1});
    FloatView<5> out(embedded.data(), {lanes, token_tile, g.chunks(g.width), g.tiles, 1});

    const double width = a.width, tokens = a.tokens();
    const Work work{2.0 * a.patches() * inputs * width,
                    4 * (static_cast<double>(pixel_count) + inputs * width + 2 * tokens * width)};
    const Kernel kernel = stage.kernel("patch_embed");
    measure(state, stage, work, [&] {
        const float *copy = weights.next();
        FloatView<3> panels(copy, {panel, g.patch_values, g.panels(g.width)});
        FloatView<4> origin(copy + matrix, {lanes, token_tile, g.chunks(g.width), g.tiles});
        const int code = kernel(&stage.context, in, panels, origin, prefix, a.patch_width, a.patch_height,
                                patches_view, out);
        return stage.context.check("patch_embed", code);
    });

    const double patch = static_cast<double>(inputs) * weight;
    for_tokens(g, g.width, [&](std::size_t i, int t, int c) {
        if (t >= g.tokens || c >= a.width) return;
        expect("z0", embedded.data()[i], (t < prefix ? 0 : patch) + t, 0);
    });
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        add("patch_embed/" + architecture,
            [=](benchmark::State &state, int threads) { run(state, architecture, threads); });
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
