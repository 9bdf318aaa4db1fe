#include "network/activations.h"

#include <algorithm>
#include <vector>

namespace vit {

namespace {

struct Array {
    Place *place;
    std::size_t floats;  // of an image
};

std::vector<Array> arrays_of(Activations &its, const Architecture &a, const Geometry &g, bool on_device) {
    std::vector<Array> arrays{{&its.patches, g.token_matrix(g.patch_values)},
                              {&its.x, g.token_matrix(g.width)},
                              {&its.y, g.token_matrix(g.width)},
                              {&its.qkv, g.token_matrix(3 * g.attention_width)},
                              {&its.context, g.token_matrix(g.attention_width)},
                              {&its.hidden, g.token_matrix(g.mlp_width)},
                              {&its.pooled, g.feature_matrix()},
                              {&its.logits, static_cast<std::size_t>(g.labels)},
                              {&its.scores, static_cast<std::size_t>(g.labels)}};
    if (g.fixed) {
        arrays.push_back({&its.last_context, g.token_matrix(g.attention_width)});
    }
    if (on_device) {
        const std::size_t pixels = static_cast<std::size_t>(a.channels) * a.image_height * a.image_width;
        arrays.insert(arrays.end(), {{&its.pixels, pixels},
                                     {&its.keys, g.keys_of_image()},
                                     {&its.values, g.values_of_image()}});
        if (g.key_parts() > 1) {
            arrays.push_back({&its.mixtures, g.mixtures_of_image()});
        }
    }
    return arrays;
}

Result<void> check_heads(const Architecture &a, const Geometry &g) {
    const int head = g.head_chunks * g.blocks.lanes, most = most_head_channels(g.blocks.token_tile);
    if (head <= most) {
        return {};
    }
    return fail(ErrorCode::unsupported, "its heads have " + std::to_string(a.head_size()) +
                                            " channels; attention on a device takes " +
                                            std::to_string(most) +
                                            " at most, of which its groups keep sums in the memory " +
                                            "they share");
}

std::size_t whole_lines(std::size_t floats) { return (floats + 31) / 32 * 32; }

}  // namespace

Result<Activations> Activations::allocate(const Architecture &a, const Geometry &g,
                                          std::shared_ptr<Device> device, int max_batch) {
    Activations its;
    if (device) VIT_TRY(check_heads(a, g));
    const std::vector<Array> arrays = arrays_of(its, a, g, device != nullptr);
    const std::size_t batch = max_batch;
    std::size_t floats = 0, largest = 0;
    for (const Array &array : arrays) {
        if (batch * array.floats >= std::size_t{1} << 31) {
            return fail(ErrorCode::argument, "max_batch " + std::to_string(max_batch) +
                                                 " is too large for this model: one of " +
                                                 "its buffers would have more than 2^31 values");
        }
        floats += whole_lines(batch * array.floats);
        largest = std::max(largest, array.floats);
    }
    if (!device) {
        VIT_TRY_ASSIGN(its.memory, Memory::of_floats(floats));
        float *at = its.memory.data();
        for (const Array &array : arrays) {
            *array.place = at;
            at += whole_lines(batch * array.floats);
        }
        return its;
    }
    // Zeroed, as the host's memory is: pads that no stage writes are read.
    VIT_TRY_ASSIGN(const Memory zeros, Memory::of_floats(batch * largest));
    its.device_memory = DeviceMemory(device);
    for (const Array &array : arrays) {
        VIT_TRY_ASSIGN(*array.place,
                       its.device_memory.allocate(halide_type_of<float>(), batch * array.floats));
        VIT_TRY(device->upload(zeros.data(), batch * array.floats, *array.place));
    }
    VIT_TRY(device->finish());  // copies may have been queued only
    return its;
}

}  // namespace vit
