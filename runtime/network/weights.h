// A network's packed weights: the places, and the memory that they stand in.
#pragma once

#include <memory>

#include "backend/device.h"
#include "backend/memory.h"
#include "network/packing.h"

namespace vit {

// The places lie in one block of the host's memory or in blocks of a device's, which the object owns.
struct Weights : NetworkPlaces {
    // Packs a checked checkpoint. Errors: memory, kernel, cancelled.
    static Result<Weights> pack(const Checkpoint &checkpoint, const Geometry &geometry,
                                const PackKernels &kernels, KernelContext &context,
                                ProgressPart progress = {});
    // Takes over what was packed for the same architecture and geometry. Errors: argument, if memory has
    // another size.
    static Result<Weights> adopt(const Architecture &architecture, const Geometry &geometry, Memory memory);
    // Bytes of all of them.
    static std::size_t bytes(const Architecture &architecture, const Geometry &geometry);

    // Moves what was packed from the host's memory to the device's. Errors: memory, kernel.
    Result<void> move_to(std::shared_ptr<Device> device, const Architecture &architecture,
                         const Geometry &geometry);
    // A copy, as packed, of what is on the device. Errors: memory, kernel.
    Result<Memory> download(const Architecture &architecture, const Geometry &geometry) const;

    Memory memory;
    DeviceMemory device_memory;
};

}  // namespace vit
