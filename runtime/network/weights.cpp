#include "network/weights.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#include "backend/buffer.h"
#include "checkpoint/mapped_file.h"

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

// Goes through all values in the order of use, in which they lie in the block: a forward pass walks through
// memory. visit(place, floats, at) is called for each with its distance from the start of the block.
template<typename Visit>
class Walk {
public:
    Walk(const Architecture &architecture, const Geometry &geometry, Visit visit)
        : arch_(architecture), geometry_(geometry), visit_(std::move(visit)) {}

    void run(WeightPlaces &w) {
        const Geometry &g = geometry_;
        w.blocks.resize(arch_.depth);
        linear(w.patch, g.patch_values, g.width);
        values(w.class_token, g.width);
        values(w.positions, g.token_matrix(g.width));
        for (PackedBlock &block : w.blocks) {
            norm(block.norm1);
            linear(block.qkv, g.width, 3 * g.attention_width);
            linear(block.proj, g.attention_width, g.width);
            norm(block.norm2);
            linear(block.fc1, g.width, g.mlp_width);
            linear(block.fc2, g.mlp_width, g.width);
        }
        norm(w.norm);
        linear(w.head, g.width, g.labels);
    }
    std::size_t floats() const { return at_; }

private:
    void values(Place &place, std::size_t floats) {
        visit_(place, floats, at_);
        at_ += (floats + 31) / 32 * 32;  // 128 bytes: a line and the one fetched with it
    }
    void linear(PackedLinear &layer, int inputs, int outputs) {
        layer.inputs = inputs;
        layer.outputs = outputs;
        values(layer.panels, static_cast<std::size_t>(inputs) * outputs);
        values(layer.bias, outputs);
    }
    void norm(PackedNorm &norm) {
        values(norm.gamma, geometry_.width);
        values(norm.beta, geometry_.width);
    }

    const Architecture &arch_;
    const Geometry &geometry_;
    Visit visit_;
    std::size_t at_ = 0;
};

std::size_t floats_of(const Architecture &architecture, const Geometry &geometry) {
    WeightPlaces weights;
    Walk walk(architecture, geometry, [](Place &, std::size_t, std::size_t) {});
    walk.run(weights);
    return walk.floats();
}

void lay_out(Weights &weights, const Architecture &architecture, const Geometry &geometry) {
    float *base = weights.memory.data();
    Walk(architecture, geometry, [=](Place &place, std::size_t, std::size_t at) {
        place = base + at;
    }).run(weights);
}

class Packer {
public:
    Packer(const Checkpoint &checkpoint, const Geometry &geometry, const PackKernels &kernels,
           KernelContext &context)
        : checkpoint_(checkpoint), arch_(checkpoint.architecture), geometry_(geometry), kernels_(kernels),
          context_(context) {}

    Result<Weights> run() {
        Weights weights;
        VIT_TRY_ASSIGN(weights.memory, Memory::allocate(floats_of(arch_, geometry_)));
        lay_out(weights, arch_, geometry_);
        VIT_TRY(fill(weights));
        return weights;
    }

private:
    Result<void> fill(Weights &w) {
        const Geometry &g = geometry_;
        const IndexMap width = padded(arch_.width, g.width);
        const IndexMap mlp = padded(arch_.mlp_width, g.mlp_width);
        const IndexMap labels = padded(arch_.labels, g.labels);
        const IndexMap heads =
            padded_groups(arch_.heads, arch_.head_size(), g.head_chunks * g.blocks.lanes, g.attention_width);
        const IndexMap patch = padded_groups(arch_.channels * arch_.patch_height, arch_.patch_width,
                                             g.patch_chunks * g.blocks.lanes, g.patch_values);
        const float q_scale =
            std::numbers::log2e_v<float> / std::sqrt(static_cast<float>(arch_.head_size()));

        VIT_TRY(pack(checkpoint_.patch, width, patch, w.patch));
        pack_vector(checkpoint_.class_token, width, w.class_token);
        VIT_TRY(pack_positions(w.positions));
        for (int i = 0; i < arch_.depth; i++) {
            const BlockWeights &from = checkpoint_.blocks[i];
            PackedBlock &to = w.blocks[i];
            pack_norm(from.norm1, width, to.norm1);
            VIT_TRY(pack(from.query, heads, width, part(to.qkv, 0), q_scale));
            VIT_TRY(pack(from.key, heads, width, part(to.qkv, 1)));
            VIT_TRY(pack(from.value, heads, width, part(to.qkv, 2)));
            VIT_TRY(pack(from.proj, width, heads, to.proj));
            pack_norm(from.norm2, width, to.norm2);
            VIT_TRY(pack(from.fc1, mlp, width, to.fc1));
            VIT_TRY(pack(from.fc2, width, mlp, to.fc2));
        }
        pack_norm(checkpoint_.norm, width, w.norm);
        return pack(checkpoint_.head, labels, width, w.head);
    }

    // The i-th third of the outputs of qkv: whole panels.
    PackedLinear part(const PackedLinear &qkv, int i) const {
        const int outputs = geometry_.attention_width;
        return {qkv.panels + static_cast<std::int64_t>(i) * outputs * qkv.inputs, qkv.bias + i * outputs,
                qkv.inputs, outputs};
    }

    Result<void> pack(const LinearWeights &from, const IndexMap &rows, const IndexMap &columns,
                      const PackedLinear &to, float scale = 1) {
        if (from.bias) {
            pack_vector(from.bias, rows, to.bias, scale);
        }
        const Tensor &weight = from.weight;
        const int outputs = static_cast<int>(weight.shape[0]);
        std::int64_t inputs = 1;
        for (std::size_t i = 1; i < weight.shape.size(); i++) {
            inputs *= weight.shape[i];
        }
        const halide_type_t type = weight.dtype == DType::f32   ? halide_type_t(halide_type_float, 32)
                                   : weight.dtype == DType::f16 ? halide_type_t(halide_type_float, 16)
                                                                : halide_type_t(halide_type_bfloat, 16);
        const Kernel &kernel = kernels_.panels_of(weight.dtype);
        const int panel = geometry_.blocks.panel;
        BufferView<2> matrix(weight.data, type, {static_cast<int>(inputs), outputs});
        BufferView<1> row_map(rows.data(), halide_type_of<std::int32_t>(), {static_cast<int>(rows.size())});
        BufferView<1> column_map(columns.data(), halide_type_of<std::int32_t>(),
                                 {static_cast<int>(columns.size())});
        FloatView<3> panels(to.panels, {panel, to.inputs, to.outputs / panel});
        VIT_TRY(
            context_.check("pack_panels", kernel(&context_, matrix, row_map, column_map, scale, panels)));
        if (weight.mapped) {
            const auto *bytes = static_cast<const std::byte *>(weight.data);
            release_pages({bytes, static_cast<std::size_t>(inputs) * outputs * type.bytes()});
        }
        return {};
    }

    static void pack_vector(const Tensor &from, const IndexMap &map, const Place &to, float scale = 1) {
        for (std::size_t i = 0; i < map.size(); i++) {
            to.host[i] = map[i] < 0 ? 0 : scale * to_float(from, map[i]);
        }
    }

    static void pack_norm(const NormWeights &from, const IndexMap &map, PackedNorm &to) {
        pack_vector(from.gamma, map, to.gamma);
        pack_vector(from.beta, map, to.beta);
    }

    Result<void> pack_positions(const Place &to) {
        const Geometry &g = geometry_;
        std::vector<float> rows(static_cast<std::size_t>(g.tokens) * arch_.width);
        for (std::size_t i = 0; i < rows.size(); i++) {
            rows[i] = to_float(checkpoint_.positions, static_cast<std::int64_t>(i));
        }
        FloatView<2> matrix(rows.data(), {arch_.width, g.tokens});
        FloatView<4> tiles(to, {g.blocks.lanes, g.blocks.token_tile, g.chunks(g.width), g.tiles});
        return context_.check("pack_tiles", kernels_.tiles(&context_, matrix, tiles));
    }

    const Checkpoint &checkpoint_;
    const Architecture &arch_;
    const Geometry &geometry_;
    const PackKernels &kernels_;
    KernelContext &context_;
};

}  // namespace

Result<Weights> Weights::pack(const Checkpoint &checkpoint, const Geometry &geometry, const PackKernels &kernels,
                              KernelContext &context) {
    return Packer(checkpoint, geometry, kernels, context).run();
}

Result<Weights> Weights::adopt(const Architecture &architecture, const Geometry &geometry, Memory memory) {
    const std::size_t floats = floats_of(architecture, geometry);
    if (memory.floats() != floats) {
        return fail(ErrorCode::argument, "its weights are " + std::to_string(memory.floats()) +
                                             " values instead of " + std::to_string(floats));
    }
    Weights weights;
    weights.memory = std::move(memory);
    lay_out(weights, architecture, geometry);
    return weights;
}

Result<void> Weights::move_to(std::shared_ptr<Device> device, const Architecture &architecture,
                              const Geometry &geometry) {
    DeviceMemory blocks(device);
    Result<void> done;
    Walk(architecture, geometry, [&](Place &place, std::size_t floats, std::size_t) {
        if (!done) {
            return;
        }
        const Result<Place> there = blocks.allocate(floats);
        if (!there) {
            done = tl::unexpected<Error>(there.error());
            return;
        }
        done = device->upload(place.host, floats, *there);
        place = *there;
    }).run(*this);
    VIT_TRY(done);
    VIT_TRY(device->finish());  // copies may have been queued only
    memory = Memory();
    device_memory = std::move(blocks);
    return {};
}

Result<Memory> Weights::download(const Architecture &architecture, const Geometry &geometry) const {
    VIT_TRY_ASSIGN(Memory copy, Memory::allocate(floats_of(architecture, geometry)));
    Result<void> done;
    WeightPlaces places = *this;
    Walk(architecture, geometry, [&](const Place &place, std::size_t floats, std::size_t at) {
        if (done) {
            done = device_memory.device()->download(place, floats, copy.data() + at);
        }
    }).run(places);
    VIT_TRY(done);
    return copy;
}

}  // namespace vit
