#include "apps/autotune/device_mirror.h"

#include <stdexcept>
#include <string>

namespace vit::autotune {

namespace {

void demand(int code, const char *what) {
    if (code) {
        throw std::runtime_error(std::string("the device does not ") + what + " (error " +
                                 std::to_string(code) + ")");
    }
}

}  // namespace

DeviceMirror::~DeviceMirror() {
    for (auto &[host, twin] : twins_) {
        device_->device_free(user_context_, &twin.buffer);
    }
}

void DeviceMirror::place(halide_buffer_t *buffer) {
    const auto [at, is_new] = twins_.try_emplace(buffer->host);
    Twin &twin = at->second;
    if (is_new) {
        twin.dimensions.assign(buffer->dim, buffer->dim + buffer->dimensions);
        twin.buffer = *buffer;
        twin.buffer.dim = twin.dimensions.data();
        demand(device_->device_malloc(user_context_, &twin.buffer, device_), "give memory");
        twin.stale = true;
    }
    if (twin.stale) {
        twin.buffer.set_host_dirty();
        demand(device_->copy_to_device(user_context_, &twin.buffer, device_), "take a copy");
        twin.stale = false;
    }
    buffer->device = twin.buffer.device;
    buffer->device_interface = twin.buffer.device_interface;
}

CalledKernel DeviceMirror::placing(const CalledKernel &kernel) {
    return CalledKernel([this, &kernel](const KernelArguments &arguments) {
        for_each_buffer(arguments, [this](halide_buffer_t *buffer) { place(buffer); });
        return kernel.call(arguments);
    });
}

void DeviceMirror::host_changed() {
    for (auto &[host, twin] : twins_) {
        twin.stale = true;
    }
}

void DeviceMirror::fetch() {
    for (auto &[host, twin] : twins_) {
        twin.buffer.set_device_dirty();
        demand(device_->copy_to_host(user_context_, &twin.buffer), "give a copy");
    }
}

void DeviceMirror::finish() {
    if (!twins_.empty()) {
        demand(device_->device_sync(user_context_, &twins_.begin()->second.buffer), "finish");
    }
}

}  // namespace vit::autotune
