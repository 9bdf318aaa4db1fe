// Weights as published to panels, from each type they are published in: fc1 of a block.
#include <bit>
#include <vector>

#include "bench/support/answer.h"
#include "bench/support/cold_copies.h"

namespace vit::bench {
namespace {

struct Type {
    const char *name;
    halide_type_t type;
};

const Type types[] = {
    {"f32", halide_type_t(halide_type_float, 32)},
    {"f16", halide_type_t(halide_type_float, 16)},
    {"bf16", halide_type_t(halide_type_bfloat, 16)},
};

// From 1 to 251: exact in every type, and next to each other never the same, in rows or columns.
int element(int k, int c) { return 1 + (3 * k + 7 * c) % 251; }

void store(const Type &type, void *matrix, std::size_t i, int value) {
    if (type.type.bits == 32) {
        static_cast<float *>(matrix)[i] = static_cast<float>(value);
    } else if (type.type.code == halide_type_bfloat) {
        const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
        static_cast<std::uint16_t *>(matrix)[i] = static_cast<std::uint16_t>(bits >> 16);
    } else {
        const int exponent = std::bit_width(static_cast<unsigned>(value)) - 1;
        const int fraction = (value << (10 - exponent)) & 1023;
        static_cast<std::uint16_t *>(matrix)[i] =
            static_cast<std::uint16_t>((exponent + 15) << 10 | fraction);
    }
}

// Source and panels both change from call to call: a checkpoint is read once.
void run(benchmark::State &state, const std::string &architecture, const Type &type, int threads) {
    constexpr float scale = 0.5f;
    Stage stage(architecture, threads);
    const Architecture &a = stage.architecture;
    const Geometry &g = stage.geometry;
    const int panel = g.blocks.panel;
    const std::size_t values = static_cast<std::size_t>(a.width) * a.mlp_width;
    const std::size_t from = (values + 31) / 32 * 32;  // room for the widest type
    ColdCopies copies(from + static_cast<std::size_t>(g.width) * g.mlp_width, a.depth);
    for (int c = 0; c < a.mlp_width; c++) {
        for (int k = 0; k < a.width; k++) {
            store(type, copies.first(), static_cast<std::size_t>(c) * a.width + k, element(k, c));
        }
    }
    copies.repeat();
    const auto map_of = [](int count, int padded_count) {
        std::vector<std::int32_t> map(padded_count, -1);
        for (int i = 0; i < count; i++) map[i] = i;
        return map;
    };
    const auto rows = map_of(a.mlp_width, g.mlp_width), columns = map_of(a.width, g.width);
    BufferView<1> rows_view(rows.data(), halide_type_of<std::int32_t>(), {g.mlp_width});
    const std::vector<float> scales(g.mlp_width, scale);
    FloatView<1> scales_view(scales.data(), {g.mlp_width});
    BufferView<1> columns_view(columns.data(), halide_type_of<std::int32_t>(), {g.width});

    const Work work{0, static_cast<double>(values) * (type.type.bytes() + 4)};
    const Kernel kernel = stage.kernel(std::string("pack_panels/") + type.name);
    measure(state, stage, work, [&] {
        float *copy = copies.next();
        BufferView<2> matrix(copy, type.type, {a.width, a.mlp_width});
        FloatView<3> panels(copy + from, {panel, g.width, g.panels(g.mlp_width)});
        return stage.context.check("pack_panels",
                                   kernel(&stage.context, matrix, rows_view, columns_view, scales_view,
                                          panels));
    });

    const float *panels = copies.last() + from;
    for (int c = 0; c < a.mlp_width; c++) {
        for (int k = 0; k < a.width; k++) {
            const std::size_t i = (static_cast<std::size_t>(c / panel) * g.width + k) * panel + c % panel;
            expect("a weight", panels[i], scale * element(k, c), 0);
        }
    }
}

const bool registered = [] {
    for (const std::string architecture : architectures) {
        for (const Type &type : types) {
            add("pack/" + architecture + "/fc1/" + type.name,
                [=, &type](benchmark::State &state, int threads) {
                    run(state, architecture, type, threads);
                });
        }
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
