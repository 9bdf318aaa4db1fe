// A problem's operands on a device, for candidates that compute there.
#pragma once

#include <map>
#include <vector>

#include "Halide.h"

namespace vit::autotune {

// Each buffer of the host's memory gets one of the device's, as soon as a kernel is called with it.
class DeviceMirror {
public:
    // Throws std::runtime_error if the target's device cannot be had.
    explicit DeviceMirror(const Halide::Target &target);
    ~DeviceMirror();
    DeviceMirror(const DeviceMirror &) = delete;
    DeviceMirror &operator=(const DeviceMirror &) = delete;

    // Lets the buffer stand on the device; copies it there, if its host's memory may have changed.
    void place(halide_buffer_t *buffer);
    template<typename Scalar>
    void place(const Scalar &) {}

    void host_changed();  // all of them
    void fetch();         // all of them, to the host's memory
    void finish();        // waits for what is queued

private:
    struct Twin {
        halide_buffer_t buffer;
        std::vector<halide_dimension_t> dimensions;
        bool stale;
    };

    const halide_device_interface_t *device_;
    std::map<const void *, Twin> twins_;  // by the host's memory
};

}  // namespace vit::autotune
