// A problem's operands on a device, for candidates that compute there.
#pragma once

#include <map>
#include <vector>

#include "backend/halide_runtime.h"
#include "tests/cases/called_kernel.h"

namespace vit::autotune {

// Each buffer of the host's memory gets one of the device's, as soon as a kernel is called with it.
class DeviceMirror {
public:
    // user_context is what the device's functions are called with.
    DeviceMirror(const halide_device_interface_t *device, void *user_context)
        : device_(device), user_context_(user_context) {}
    ~DeviceMirror();
    DeviceMirror(const DeviceMirror &) = delete;
    DeviceMirror &operator=(const DeviceMirror &) = delete;

    // The kernel, called with buffers that stand on the device: they are copied there, if the host's memory
    // may have changed. Borrows it.
    CalledKernel placing(const CalledKernel &kernel);

    void host_changed();  // all of them
    void fetch();         // all of them, to the host's memory
    void finish();        // waits for what is queued

private:
    void place(halide_buffer_t *buffer);

    struct Twin {
        halide_buffer_t buffer;
        std::vector<halide_dimension_t> dimensions;
        bool stale;
    };

    const halide_device_interface_t *device_;
    void *user_context_;
    std::map<const void *, Twin> twins_;  // by the host's memory
};

}  // namespace vit::autotune
