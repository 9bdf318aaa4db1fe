#include "network/activations.h"

#include <algorithm>
#include <vector>

namespace vit {

namespace {

// visit(place, floats of an image) for every array, and for those of the answers visit_answer.
template<typename Visit, typename VisitAnswer>
void for_each_array(Activations &its, const Geometry &g, Visit visit, VisitAnswer visit_answer) {
    visit(its.patches, g.token_matrix(g.patch_values));
    visit(its.x, g.token_matrix(g.width));
    visit(its.y, g.token_matrix(g.width));
    visit(its.qkv, g.token_matrix(3 * g.attention_width));
    visit(its.context, g.token_matrix(g.attention_width));
    visit(its.hidden, g.token_matrix(g.mlp_width));
    visit(its.pooled, g.feature_matrix());
    if (g.fixed) {
        visit(its.last_context, g.token_matrix(g.attention_width));
    }
    visit_answer(its.logits, static_cast<std::size_t>(g.labels));
    visit_answer(its.scores, static_cast<std::size_t>(g.labels));
}

struct Array {
    Place *place;
    std::size_t floats;
};

std::vector<Array> arrays_of(Activations &its, const Architecture &a, const Geometry &g, bool on_device,
                             std::size_t images, std::size_t answers) {
    std::vector<Array> arrays;
    const auto visit = [&](Place &place, std::size_t floats) {
        arrays.push_back({&place, images * floats});
    };
    for_each_array(its, g, visit, [&](Place &place, std::size_t floats) {
        arrays.push_back({&place, answers * floats});
    });
    if (on_device) {
        visit(its.pixels, static_cast<std::size_t>(a.channels) * a.image_height * a.image_width);
        visit(its.keys, g.keys_of_image());
        visit(its.values, g.values_of_image());
        if (g.key_parts() > 1) {
            visit(its.mixtures, g.mixtures_of_image());
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

Activations Activations::from(int image, int answer, const Geometry &g) const {
    Activations its = *this;
    const auto move = [](Place &place, std::size_t floats, int by) {
        place = place + static_cast<std::int64_t>(floats) * by;
    };
    for_each_array(
        its, g, [&](Place &place, std::size_t floats) { move(place, floats, image); },
        [&](Place &place, std::size_t floats) { move(place, floats, answer); });
    return its;
}

Result<std::size_t> ActivationMemory::floats(const Architecture &a, const Geometry &g, bool on_device,
                                             int images, int answers) {
    if (on_device) VIT_TRY(check_heads(a, g));
    Activations nowhere;
    std::size_t floats = 0;
    for (const Array &array : arrays_of(nowhere, a, g, on_device, images, answers)) {
        if (array.floats >= std::size_t{1} << 31) {
            return fail(ErrorCode::argument, "max_batch " + std::to_string(answers) +
                                                 " is too large for this model: one of " +
                                                 "its buffers would have more than 2^31 values");
        }
        floats += whole_lines(array.floats);
    }
    return floats;
}

Result<ActivationMemory> ActivationMemory::allocate(const Architecture &a, const Geometry &g,
                                                    std::shared_ptr<Device> device, int images,
                                                    int answers) {
    ActivationMemory its;
    VIT_TRY_ASSIGN(const std::size_t floats,
                   ActivationMemory::floats(a, g, device != nullptr, images, answers));
    const std::vector<Array> arrays = arrays_of(its.places, a, g, device != nullptr, images, answers);
    if (!device) {
        VIT_TRY_ASSIGN(its.memory, Memory::of_floats(floats));
        float *at = its.memory.data();
        for (const Array &array : arrays) {
            *array.place = at;
            at += whole_lines(array.floats);
        }
        return its;
    }
    // Zeroed, as the host's memory is: pads that no stage writes are read.
    const auto is_smaller = [](const Array &one, const Array &other) { return one.floats < other.floats; };
    const auto largest = std::max_element(arrays.begin(), arrays.end(), is_smaller);
    VIT_TRY_ASSIGN(const Memory zeros, Memory::of_floats(largest->floats));
    its.device_memory = DeviceMemory(device);
    for (const Array &array : arrays) {
        VIT_TRY_ASSIGN(*array.place, its.device_memory.allocate(halide_type_of<float>(), array.floats));
        VIT_TRY(device->upload(zeros.data(), array.floats, *array.place));
    }
    VIT_TRY(device->finish());  // copies may have been queued only
    return its;
}

}  // namespace vit
