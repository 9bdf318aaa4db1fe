#include "network/packing.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#include "backend/memory.h"
#include "checkpoint/mapped_file.h"
#include "network/equalization.h"

namespace vit {

namespace {

// For each padded index of one side of a matrix, the checkpoint's index, or -1 for a pad.
using IndexMap = std::vector<std::int32_t>;

IndexMap padded(int count, int padded_count) {
    IndexMap map(padded_count, -1);
    for (int i = 0; i < count; i++) {
        map[i] = i;
    }
    return map;
}

// Groups of `size` (channels of a head, columns of a patch row), each padded to `padded_size`.
IndexMap padded_groups(int groups, int size, int padded_size, int padded_count) {
    IndexMap map(padded_count, -1);
    for (int group = 0; group < groups; group++) {
        for (int i = 0; i < size; i++) {
            map[group * padded_size + i] = group * size + i;
        }
    }
    return map;
}

float to_float(const Tensor &tensor, std::int64_t i) {
    if (tensor.dtype == DType::f32) {
        float value;
        std::memcpy(&value, static_cast<const char *>(tensor.data) + 4 * i, 4);
        return value;
    }
    std::uint16_t bits;
    std::memcpy(&bits, static_cast<const char *>(tensor.data) + 2 * i, 2);
    if (tensor.dtype == DType::bf16) {
        return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
    }
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                            : exponent == 31
                                ? (fraction ? NAN : INFINITY)
                                : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
    return bits >> 15 ? -magnitude : magnitude;
}

halide_type_t type_of(DType type) {
    return type == DType::f32   ? halide_type_t(halide_type_float, 32)
           : type == DType::f16 ? halide_type_t(halide_type_float, 16)
                                : halide_type_t(halide_type_bfloat, 16);
}

std::int64_t count_of(const Tensor &tensor) {
    std::int64_t count = 1;
    for (const std::int64_t extent : tensor.shape) {
        count *= extent;
    }
    return count;
}

// What each row of a matrix is multiplied with: a number, or a vector of the checkpoint's (LayerScale).
struct RowScale {
    float factor = 1;
    const Tensor *each = nullptr;

    float of(std::int64_t row) const { return each ? factor * to_float(*each, row) : factor; }
};

class Packer {
public:
    Packer(const Checkpoint &checkpoint, const Geometry &geometry, const PackKernels &kernels,
           KernelContext &context, const NetworkPlaces &places, const ProgressPart &progress)
        : progress_(progress), checkpoint_(checkpoint), arch_(checkpoint.architecture),
          geometry_(geometry), kernels_(kernels),
          context_(context), places_(places), width_(padded(arch_.width, geometry.width)),
          mlp_(padded(arch_.mlp_width, geometry.mlp_width)),
          labels_(padded(arch_.labels, geometry.labels)),
          heads_(padded_groups(arch_.heads, arch_.head_size(), geometry.head_chunks * geometry.blocks.lanes,
                               geometry.attention_width)),
          patch_(padded_groups(arch_.channels * arch_.patch_height, arch_.patch_width,
                               geometry.patch_chunks * geometry.blocks.lanes, geometry.patch_values)),
          features_(padded_groups(arch_.pooling.head_of_each ? 1 : geometry.features, arch_.width,
                                  geometry.width,
                                  arch_.pooling.head_of_each ? geometry.width
                                                             : geometry.features * geometry.width)),
          origin_(static_cast<std::size_t>(geometry.tokens) * arch_.width) {}

    Result<void> run() {
        progress_.expect(static_cast<double>(parameters(arch_)));
        const auto take = [this](Slot slot, int index, const TensorShape &) -> Result<void> {
            if (is_of_block(slot) && index != begun_) VIT_TRY(begin(index));
            const Tensor &from = checkpoint_.tensor(slot, index);
            VIT_TRY(fold(slot, index, from));
            return progress_.advance(static_cast<double>(count_of(from)));
        };
        VIT_TRY(for_each_slot(arch_, take));
        VIT_TRY(reduce());
        set_ranges();
        return pack_origin();
    }

private:
    ProgressPart progress_;
    const Checkpoint &checkpoint_;
    const Architecture &arch_;
    const Geometry &geometry_;
    const PackKernels &kernels_;
    KernelContext &context_;
    const NetworkPlaces &places_;
    const IndexMap width_, mlp_, labels_, heads_, patch_, features_;
    std::vector<float> origin_;  // [t][c]
    // The block that is being packed, its panels that will be reduced in memory of their own.
    PackedBlock block_;
    int begun_ = -1;
    Memory unreduced_;

    static constexpr PackedLinear PackedBlock::*layers[] = {&PackedBlock::qkv, &PackedBlock::proj,
                                                            &PackedBlock::fc1, &PackedBlock::fc2};

    // Finishes the block before.
    Result<void> begin(int index) {
        VIT_TRY(reduce());
        begun_ = index;
        block_ = places_.blocks[index];
        std::size_t floats = 0;
        for (const auto layer : layers) floats += floats_to_reduce(block_.*layer);
        if (unreduced_.bytes() < floats * sizeof(float)) {
            VIT_TRY_ASSIGN(unreduced_, Memory::of_floats(floats));
        }
        float *at = unreduced_.data();
        for (const auto layer : layers) {
            const std::size_t its = floats_to_reduce(block_.*layer);
            if (its) (block_.*layer).panels = at;
            at += its;
        }
        return {};
    }

    static std::size_t floats_to_reduce(const PackedLinear &layer) {
        const std::size_t floats = static_cast<std::size_t>(layer.inputs) * layer.outputs;
        return layer.precision == Precision::f32 ? 0 : floats;
    }

    PanelsOfFloats floats_of(const PackedLinear &layer) const {
        return {layer.panels.as<float>(), geometry_.blocks.panel, layer.inputs, layer.outputs};
    }

    // What is beyond it would be clamped.
    Result<void> check_range(const PackedLinear &layer) const {
        constexpr float most = 65504;  // of binary16
        const float *values = layer.panels.as<float>();
        float largest = 0;
        for (std::size_t i = 0; i < floats_to_reduce(layer); i++) {
            largest = std::max(largest, std::abs(values[i]));
        }
        if (largest <= most) return {};
        return fail(ErrorCode::unsupported, "block " + std::to_string(begun_) + " has a weight of " +
                                                std::to_string(largest) + ", which f16 has no number for; " +
                                                "bf16 has");
    }

    // What a norm gives to a layer: its range is that of about every 400th value of a normal distribution.
    void equalize(const PackedNorm &norm, const PackedLinear &layer) const {
        float *gamma = norm.gamma.as<float>(), *beta = norm.beta.as<float>();
        std::vector<float> ranges(layer.inputs);
        for (int k = 0; k < layer.inputs; k++) ranges[k] = std::abs(beta[k]) + 3 * std::abs(gamma[k]);
        const std::vector<float> factors = equalizers(ranges, input_ranges(floats_of(layer)));
        for (int k = 0; k < layer.inputs; k++) {
            gamma[k] /= factors[k];
            beta[k] /= factors[k];
        }
        scale_inputs(floats_of(layer), factors);
    }

    // Values come out of attention mixed, each in its channel. Those of a layer whose inputs are normalized
    // and independent have the range of the sum of their weights' squares.
    void equalize_values(const PackedNorm &norm, const PackedLinear &qkv, const PackedLinear &proj) const {
        const int first = 2 * geometry_.attention_width, panel = geometry_.blocks.panel;
        const float *gamma = norm.gamma.as<float>(), *beta = norm.beta.as<float>();
        float *bias = qkv.bias.as<float>();
        std::vector<float> ranges(proj.inputs);
        for (int i = 0; i < proj.inputs; i++) {
            const int c = first + i;
            const float *weights = qkv.panels.as<float>() +
                                   static_cast<std::size_t>(c / panel) * qkv.inputs * panel + c % panel;
            float mean = bias[c], squares = 0;
            for (int k = 0; k < qkv.inputs; k++) {
                const float w = weights[static_cast<std::size_t>(k) * panel];
                mean += w * beta[k];
                squares += w * w * gamma[k] * gamma[k];
            }
            ranges[i] = std::abs(mean) + 3 * std::sqrt(squares);
        }
        const std::vector<float> factors = equalizers(ranges, input_ranges(floats_of(proj)));
        divide_outputs(floats_of(qkv), bias, first, factors);
        scale_inputs(floats_of(proj), factors);
    }

    // The layers of the block in their precision.
    Result<void> reduce() {
        if (begun_ < 0) return {};
        if (is_fixed_point(block_.qkv.precision)) {
            equalize(block_.norm1, block_.qkv);
            equalize_values(block_.norm1, block_.qkv, block_.proj);
        }
        if (is_fixed_point(block_.fc1.precision)) equalize(block_.norm2, block_.fc1);
        const int panel = geometry_.blocks.panel, step = geometry_.fixed.step();
        for (const auto layer : layers) {
            const PackedLinear &from = block_.*layer, &to = places_.blocks[begun_].*layer;
            if (!floats_to_reduce(from)) continue;
            View<3> panels(from.panels, {panel, from.inputs, from.outputs / panel});
            if (!is_fixed_point(from.precision)) {
                if (from.precision == Precision::f16) VIT_TRY(check_range(from));
                View<3> rounded(to.panels, {panel, to.inputs, to.outputs / panel});
                VIT_TRY(context_.check("round_panels", kernels_.round(&context_, panels, rounded)));
                continue;
            }
            View<4> weights(to.panels, {step, panel, to.inputs / step, to.outputs / panel});
            View<2> terms(to.terms, {to.outputs, to.rows_of_terms(geometry_.fixed)});
            VIT_TRY(context_.check("quantize_panels",
                                   kernels_.quantize(&context_, panels,
                                                     to.groups.chunks * geometry_.blocks.lanes, weights,
                                                     terms)));
        }
        return {};
    }

    // One slot into its place.
    Result<void> fold(Slot slot, int index, const Tensor &from) {
        const PackedBlock &block = block_;
        const int attention = geometry_.attention_width, mlp = geometry_.mlp_width;
        const RowScale q{std::numbers::log2e_v<float> / std::sqrt(static_cast<float>(arch_.head_size()))};
        const RowScale scale1{1, given(Slot::scale1, index)}, scale2{1, given(Slot::scale2, index)};
        const RowScale mean{1.0f / static_cast<float>(heads_of(arch_))};
        const int gates = is_gated(arch_.activation) ? 2 : 1;
        switch (slot) {
        case Slot::patch_weight:
            return matrix(from, width_, patch_, places_.patch, geometry_.patch_values);
        case Slot::patch_bias:
            for (int t = arch_.prefix.tokens(); t < geometry_.tokens; t++) add_to_origin(t, from, 0);
            return {};
        case Slot::class_token:
            add_to_origin(0, from, 0);
            return {};
        case Slot::distillation_token:
            add_to_origin(arch_.prefix.class_token, from, 0);
            return {};
        case Slot::registers:
            for (int i = 0; i < arch_.prefix.registers; i++) {
                add_to_origin(arch_.prefix.tokens() - arch_.prefix.registers + i, from, i);
            }
            return {};
        case Slot::positions:
            for (int i = 0; i < arch_.prefix.positioned; i++) add_to_origin(i, from, i);
            for (int n = 0; n < arch_.patches(); n++) {
                add_to_origin(arch_.prefix.tokens() + n, from, arch_.prefix.positioned + n);
            }
            return {};
        case Slot::norm1_gamma: return vector(from, width_, block.norm1.gamma);
        case Slot::norm1_beta: return vector(from, width_, block.norm1.beta);
        case Slot::query_weight: return matrix(from, heads_, width_, part(block.qkv, 0), geometry_.width, q);
        case Slot::query_bias: return vector(from, heads_, block.qkv.bias, q);
        case Slot::key_weight: return matrix(from, heads_, width_, part(block.qkv, 1), geometry_.width);
        case Slot::key_bias: return vector(from, heads_, block.qkv.bias + attention);
        case Slot::value_weight: return matrix(from, heads_, width_, part(block.qkv, 2), geometry_.width);
        case Slot::value_bias: return vector(from, heads_, block.qkv.bias + 2 * attention);
        case Slot::proj_weight: return matrix(from, width_, heads_, block.proj.panels, attention, scale1);
        case Slot::proj_bias: return vector(from, width_, block.proj.bias, scale1);
        case Slot::norm2_gamma: return vector(from, width_, block.norm2.gamma);
        case Slot::norm2_beta: return vector(from, width_, block.norm2.beta);
        case Slot::gate_weight: return panels(from, mlp_, width_, block.fc1.panels, geometry_.width, 2, 0);
        case Slot::gate_bias: return vector_in_panels(from, mlp_, block.fc1.bias, 2, 0);
        case Slot::fc1_weight:
            return panels(from, mlp_, width_, block.fc1.panels, geometry_.width, gates, gates - 1);
        case Slot::fc1_bias: return vector_in_panels(from, mlp_, block.fc1.bias, gates, gates - 1);
        case Slot::fc2_weight: return matrix(from, width_, mlp_, block.fc2.panels, mlp, scale2);
        case Slot::fc2_bias: return vector(from, width_, block.fc2.bias, scale2);
        case Slot::norm_gamma: return vector(from, width_, places_.norm.gamma);
        case Slot::norm_beta: return vector(from, width_, places_.norm.beta);
        case Slot::head_weight:
            return columns(from, labels_, features_, places_.head, index * geometry_.width, mean);
        case Slot::head_bias: return vector(from, labels_, places_.head.bias, mean);
        case Slot::scale1:
        case Slot::scale2:  // with the weights that they scale
        case Slot::count:
            return {};
        }
        return {};
    }

    static bool is_of_block(Slot slot) { return slot >= Slot::norm1_gamma && slot <= Slot::scale2; }

    const Tensor *given(Slot slot, int index) const {
        const Tensor &tensor = checkpoint_.tensor(slot, index);
        return tensor ? &tensor : nullptr;
    }

    // The i-th third of the outputs of qkv: whole panels.
    Place part(const PackedLinear &qkv, int i) const {
        return qkv.panels + static_cast<std::int64_t>(i) * geometry_.attention_width * qkv.inputs;
    }

    // Adds row `row` of a matrix [.., D] to what token t is before its patch.
    void add_to_origin(int t, const Tensor &from, std::int64_t row) {
        for (int c = 0; c < arch_.width; c++) {
            origin_[static_cast<std::size_t>(t) * arch_.width + c] += to_float(from, row * arch_.width + c);
        }
    }

    Result<void> pack_origin() {
        const Geometry &g = geometry_;
        FloatView<2> rows(origin_.data(), {arch_.width, g.tokens});
        View<4> tiles(places_.origin, {g.blocks.lanes, g.blocks.token_tile, g.chunks(g.width), g.tiles});
        return context_.check("pack_tiles", kernels_.tiles(&context_, rows, tiles));
    }

    void set_ranges() {
        std::int32_t *range = places_.ranges.as<std::int32_t>();
        for (const Feature feature : arch_.pooling.features) {
            const bool mean = feature == Feature::patch_mean;
            *range++ = mean                             ? arch_.prefix.tokens()
                       : feature == Feature::class_token ? 0
                                                         : arch_.prefix.class_token;
            *range++ = mean ? arch_.patches() : 1;
        }
    }

    // Into the places of a vector, which are added to: several classifiers have one bias together.
    Result<void> vector(const Tensor &from, const IndexMap &map, const Place &to, RowScale scale = {}) {
        for (std::size_t i = 0; i < map.size(); i++) {
            if (map[i] >= 0) to.as<float>()[i] += scale.of(map[i]) * to_float(from, map[i]);
        }
        return {};
    }

    // Into every `step`-th panel from `first` on.
    Result<void> vector_in_panels(const Tensor &from, const IndexMap &map, const Place &to, int step,
                                  int first) {
        const int panel = geometry_.blocks.panel;
        for (int i = 0; i < static_cast<int>(map.size()); i++) {
            const int at = (i / panel * step + first) * panel + i % panel;
            if (map[i] >= 0) to.as<float>()[at] = to_float(from, map[i]);
        }
        return {};
    }

    // The whole of `inputs` x rows, panels side by side.
    Result<void> matrix(const Tensor &from, const IndexMap &rows, const IndexMap &columns, const Place &to,
                        int inputs, RowScale scale = {}) {
        VIT_TRY(run_kernel(from, rows, columns, to, inputs, scale));
        release(from);
        return {};
    }

    Result<void> panels(const Tensor &from, const IndexMap &rows, const IndexMap &columns, const Place &to,
                        int inputs, int step, int first) {
        if (step == 1) {
            return matrix(from, rows, columns, to, inputs);
        }
        const int panel = geometry_.blocks.panel;
        for (int p = 0; p < geometry_.panels(static_cast<int>(rows.size())); p++) {
            const IndexMap rows_of_panel(rows.begin() + p * panel, rows.begin() + (p + 1) * panel);
            const std::int64_t at = static_cast<std::int64_t>(p * step + first) * panel * inputs;
            VIT_TRY(run_kernel(from, rows_of_panel, columns, to + at, inputs, {}));
        }
        release(from);
        return {};
    }

    // From input `first` on: a panel has the inputs of all features.
    Result<void> columns(const Tensor &from, const IndexMap &rows, const IndexMap &columns,
                         const PackedLinear &to, int first, RowScale scale) {
        const int panel = geometry_.blocks.panel, inputs = static_cast<int>(columns.size());
        for (int p = 0; p < geometry_.panels(static_cast<int>(rows.size())); p++) {
            const IndexMap rows_of_panel(rows.begin() + p * panel, rows.begin() + (p + 1) * panel);
            const std::int64_t at = static_cast<std::int64_t>(panel) * (std::int64_t{p} * to.inputs + first);
            VIT_TRY(run_kernel(from, rows_of_panel, columns, to.panels + at, inputs, scale));
        }
        release(from);
        return {};
    }

    Result<void> run_kernel(const Tensor &from, const IndexMap &rows, const IndexMap &columns,
                            const Place &to, int inputs, RowScale scale) {
        const int panel = geometry_.blocks.panel, outputs = static_cast<int>(from.shape[0]);
        const int row_count = static_cast<int>(rows.size());
        std::vector<float> scales(rows.size());
        for (std::size_t i = 0; i < rows.size(); i++) {
            scales[i] = rows[i] < 0 ? 0 : scale.of(rows[i]);
        }
        BufferView<2> matrix(from.data, type_of(from.dtype),
                             {static_cast<int>(count_of(from) / outputs), outputs});
        BufferView<1> row_map(rows.data(), halide_type_of<std::int32_t>(), {row_count});
        BufferView<1> column_map(columns.data(), halide_type_of<std::int32_t>(), {inputs});
        FloatView<1> scales_view(scales.data(), {row_count});
        View<3> packed(to, {panel, inputs, row_count / panel});
        const Kernel &kernel = kernels_.panels_of(from.dtype);
        return context_.check("pack_panels",
                              kernel(&context_, matrix, row_map, column_map, scales_view, packed));
    }

    static void release(const Tensor &from) {
        if (from.mapped) {
            const auto *bytes = static_cast<const std::byte *>(from.data);
            release_pages({bytes, static_cast<std::size_t>(count_of(from)) * type_of(from.dtype).bytes()});
        }
    }
};

}  // namespace

Result<void> pack(const Checkpoint &checkpoint, const Geometry &geometry, const PackKernels &kernels,
                  KernelContext &context, const NetworkPlaces &places, ProgressPart progress) {
    return Packer(checkpoint, geometry, kernels, context, places, progress).run();
}

}  // namespace vit
