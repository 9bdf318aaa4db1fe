// What a kind of device (OpenCL, CUDA) can be asked before any stage runs on it.
#pragma once

#include <string>
#include <vector>

#include "error.h"

struct halide_device_interface_t;

namespace vit {

struct DeviceApi {
    const halide_device_interface_t *(*interface)();

    // Names of the devices that can run a compiled target, in the order of their numbers. Errors: backend,
    // with the reason why there is none. Asks the system every time; opens no context.
    Result<std::vector<std::string>> (*names)(const std::string &target);

    // Context and queue on a device. Errors: backend.
    Result<DeviceHandles> (*open)(const std::string &target, int number);
    void (*close)(const DeviceHandles &handles);
};

// Defined where a compiled target needs them: runtime/opencl_device.cpp, runtime/cuda_device.cpp.
extern const DeviceApi opencl_api, cuda_api;

}  // namespace vit
