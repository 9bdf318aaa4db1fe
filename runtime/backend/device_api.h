// What a kind of device (OpenCL, CUDA) can be asked before any stage runs on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "error.h"

struct halide_device_interface_t;

namespace vit {

// A device that has been found, by what OpenCL (platform and device) or CUDA (device) calls it.
struct FoundDevice {
    std::string name;
    std::uintptr_t platform, device;
};

// What a device has to be for a compiled target (schedules/targets.json).
struct DeviceNeeds {
    int capability = 0;     // of CUDA: this compute capability or a higher one, 80 for 8.0
    const char *type = "";  // of OpenCL: cpu; empty: whatever it is
};

struct DeviceApi {
    const char *name;  // "OpenCL"
    const halide_device_interface_t *(*interface)();

    // The devices that are what a compiled target needs, in the order of their numbers, at least one.
    // Errors: backend, with the reason why there is none. Asks the system every time; opens no context.
    Result<std::vector<FoundDevice>> (*find)(const DeviceNeeds &needs);

    // The context of a device, the same for as long as the process runs, and a queue of its own. Halide 21
    // keeps what it compiled by context and cannot let go of it twice: it counts what it has released again
    // each time, and in the end takes for compiled what went with a context that is gone. And so a second
    // model finds its stages compiled. Errors: backend.
    Result<DeviceHandles> (*open)(const FoundDevice &device);
    // The queue.
    void (*close)(const DeviceHandles &handles);
};

// Defined where a compiled target needs them: opencl_device.cpp, cuda_device.cpp.
extern const DeviceApi opencl_api, cuda_api;

}  // namespace vit
