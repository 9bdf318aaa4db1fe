#include "network/weights.h"

namespace vit {

namespace {

// Goes through all places with their distance from the start of the block; returns its size, in bytes.
template<typename Visit>
std::size_t walk(NetworkPlaces &places, const Architecture &a, const Geometry &g, Visit visit) {
    std::size_t at = 0;
    for_each_place(places, a, g, [&](Place &place, halide_type_t type, std::size_t count) {
        visit(place, type, count, at);
        at += (count * type.bytes() + 127) / 128 * 128;  // a line and the one fetched with it
    });
    return at;
}

void lay_out(Weights &weights, const Architecture &architecture, const Geometry &geometry) {
    std::byte *base = weights.memory.data<std::byte>();
    walk(weights, architecture, geometry,
         [=](Place &place, halide_type_t type, std::size_t, std::size_t at) {
             place = Place(base + at, type);
         });
}

}  // namespace

std::size_t Weights::bytes(const Architecture &architecture, const Geometry &geometry) {
    NetworkPlaces places;
    return walk(places, architecture, geometry, [](Place &, halide_type_t, std::size_t, std::size_t) {});
}

Result<Weights> Weights::pack(const Checkpoint &checkpoint, const Geometry &geometry,
                              const PackKernels &kernels, KernelContext &context,
                              ProgressPart progress) {
    Weights weights;
    VIT_TRY_ASSIGN(weights.memory, Memory::allocate(bytes(checkpoint.architecture, geometry)));
    lay_out(weights, checkpoint.architecture, geometry);
    VIT_TRY(vit::pack(checkpoint, geometry, kernels, context, weights, progress));
    return weights;
}

Result<Weights> Weights::adopt(const Architecture &architecture, const Geometry &geometry, Memory memory) {
    const std::size_t expected = bytes(architecture, geometry);
    if (memory.bytes() != expected) {
        return fail(ErrorCode::argument, "its weights are " + std::to_string(memory.bytes()) +
                                             " bytes instead of " + std::to_string(expected));
    }
    Weights weights;
    weights.memory = std::move(memory);
    lay_out(weights, architecture, geometry);
    return weights;
}

Result<void> Weights::move_to(std::shared_ptr<Device> device, const Architecture &architecture,
                              const Geometry &geometry) {
    DeviceMemory its_memory(device);
    Result<void> done;
    walk(*this, architecture, geometry,
         [&](Place &place, halide_type_t type, std::size_t count, std::size_t) {
             if (!done) return;
             const Result<Place> there = its_memory.allocate(type, count);
             if (!there) {
                 done = tl::unexpected<Error>(there.error());
                 return;
             }
             done = device->upload(place.host, count, *there);
             place = *there;
         });
    VIT_TRY(done);
    VIT_TRY(device->finish());  // copies may have been queued only
    memory = Memory();
    device_memory = std::move(its_memory);
    return {};
}

Result<Memory> Weights::download(const Architecture &architecture, const Geometry &geometry) const {
    VIT_TRY_ASSIGN(Memory copy, Memory::allocate(bytes(architecture, geometry)));
    Result<void> done;
    NetworkPlaces places = *this;
    walk(places, architecture, geometry,
         [&](const Place &place, halide_type_t, std::size_t count, std::size_t at) {
             if (done) done = device_memory.device()->download(place, count, copy.data<std::byte>() + at);
         });
    VIT_TRY(done);
    return copy;
}

}  // namespace vit
