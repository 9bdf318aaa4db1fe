// What the kernels read of a network, in the order in which a forward pass reads it: the one list of what is
// packed. It is laid out, moved to a device and written to a file by for_each_place; packing fills it from
// the checkpoint's slots (network/packing.h).
#pragma once

#include <vector>

#include "backend/buffer.h"
#include "network/geometry.h"

namespace vit {

struct PackedLinear {
    // [c in panel, k, panel], in half precision uint16, or in fixed point [ki, c in panel, multiply-add,
    // panel].
    Place panels;
    Place terms;   // in fixed point: [c, 1 + groups], or [c, 1] where there are no offsets
    Place bias;    // [c]
    int inputs = 0, outputs = 0;  // padded
    Precision precision = Precision::f32;
    Groups groups;  // of the inputs, in fixed point

    int rows_of_terms(const FixedMatrices &fixed) const {
        return fixed.has_offsets() ? 1 + groups.count : 1;
    }
};

struct PackedNorm {
    Place gamma, beta;  // [c]
};

struct PackedBlock {
    PackedNorm norm1;
    PackedLinear qkv;  // queries, keys and values side by side, each attention_width wide
    PackedLinear proj;
    PackedNorm norm2;
    PackedLinear fc1;  // gates and values in alternate panels, where there are gates
    PackedLinear fc2;
};

struct NetworkPlaces {
    Place patch;   // [c in panel, k, panel]
    Place origin;  // what a token is before its patch is added: [ci, ti, chunk, tile]
    std::vector<PackedBlock> blocks;
    Place ranges;  // int32: the first token and the number of tokens of each feature [2, feature]
    PackedNorm norm;
    PackedLinear head;  // of all features side by side
};

// visit(place, type, count) for every array.
template<typename Visit>
void for_each_place(NetworkPlaces &n, const Architecture &a, const Geometry &g, Visit visit) {
    const halide_type_t f32 = halide_type_of<float>();
    const halide_type_t half = halide_type_of<std::uint16_t>();
    const auto linear = [&](PackedLinear &layer, int inputs, int outputs,
                            Precision precision = Precision::f32) {
        layer.inputs = inputs;
        layer.outputs = outputs;
        layer.precision = precision;
        visit(layer.panels, precision == Precision::f32 ? f32 : half,
              static_cast<std::size_t>(inputs) * outputs);
        visit(layer.bias, f32, outputs);
    };
    const auto in_fixed_point = [&](PackedLinear &layer, int inputs, int outputs, const Groups &groups) {
        layer.inputs = inputs;
        layer.outputs = outputs;
        layer.precision = g.precision;
        layer.groups = groups;
        visit(layer.panels, g.fixed.weight_type(), static_cast<std::size_t>(inputs) * outputs);
        visit(layer.terms, f32, static_cast<std::size_t>(layer.rows_of_terms(g.fixed)) * outputs);
        visit(layer.bias, f32, outputs);
    };
    const auto layer = [&](PackedLinear &its, int inputs, int outputs, const Groups &groups,
                           bool in_float32) {
        g.fixed && !in_float32 ? in_fixed_point(its, inputs, outputs, groups)
                               : linear(its, inputs, outputs, in_float32 ? Precision::f32 : g.precision);
    };
    const auto norm = [&](PackedNorm &its) {
        visit(its.gamma, f32, g.width);
        visit(its.beta, f32, g.width);
    };

    n.blocks.resize(a.depth);
    visit(n.patch, f32, static_cast<std::size_t>(g.patch_values) * g.width);
    visit(n.origin, f32, g.token_matrix(g.width));
    for (PackedBlock &block : n.blocks) {
        norm(block.norm1);
        // Class attention, which costs next to nothing, reads weights in float32 and writes such a context.
        const bool attends_once = g.reads_first_tile && &block == &n.blocks.back();
        layer(block.qkv, g.width, 3 * g.attention_width, g.groups_of_width(), attends_once);
        layer(block.proj, g.attention_width, g.width, g.groups_of_context(), attends_once);
        norm(block.norm2);
        layer(block.fc1, g.width, g.fc1_outputs, g.groups_of_width(), false);
        layer(block.fc2, g.mlp_width, g.width, g.groups_of_mlp(), false);
    }
    visit(n.ranges, halide_type_of<std::int32_t>(), std::size_t{2} * g.features);
    norm(n.norm);
    linear(n.head, g.features * g.width, g.labels);
}

}  // namespace vit
