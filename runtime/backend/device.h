// A device that a backend computes on, and memory on it.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "backend/buffer.h"
#include "backend/device_api.h"
#include "backend/kernel_context.h"

namespace vit {

// Immutable but for what it lends; may be shared by any number of threads.
class Device {
public:
    // The device with that number or, if there are handles, the app's own context and queue, which have to
    // live as long as the Device. Errors: backend.
    static Result<std::shared_ptr<Device>> open(const DeviceApi &api, const DeviceNeeds &needs, int number,
                                                const DeviceHandles &handles);
    ~Device();
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;

    const DeviceHandles &handles() const { return handles_; }

    // Errors: memory. The others: kernel; those that release have nobody to tell.
    Result<Place> allocate(halide_type_t type, std::size_t count);
    void free(const Place &place) noexcept;
    // So many values of the place's type.
    Result<void> upload(const void *from, std::size_t count, const Place &to);
    // After everything that is queued.
    Result<void> download(const Place &from, std::size_t count, void *to);
    // Waits until everything that is queued is done.
    Result<void> finish();
    // Of memory that an app owns: a CUdeviceptr or a cl_mem. To be unwrapped by unwrap.
    Result<Place> wrap(std::uint64_t native, std::size_t floats);
    void unwrap(const Place &place) noexcept;
    // Rows of columns, from one distance between them to another.
    Result<void> copy(const Place &from, int from_stride, const Place &to, int to_stride, int columns,
                      int rows);

private:
    Device(const DeviceApi &api, const DeviceHandles &handles, bool owned);

    template<typename Call>
    Result<void> call(const char *what, Call call);
    template<typename Call>
    void call_quietly(const char *what, Call call) noexcept;

    const DeviceApi &api_;
    DeviceHandles handles_;
    bool owned_;
    std::mutex mutex_;  // context_ keeps one error at a time
    KernelContext context_;
};

// Blocks of a device's memory, freed together.
class DeviceMemory {
public:
    DeviceMemory() = default;
    explicit DeviceMemory(std::shared_ptr<Device> device) : device_(std::move(device)) {}
    DeviceMemory(DeviceMemory &&) noexcept = default;
    DeviceMemory &operator=(DeviceMemory &&other) noexcept;
    ~DeviceMemory();

    // Errors: as Device::allocate.
    Result<Place> allocate(halide_type_t type, std::size_t count);
    Device *device() const { return device_.get(); }

private:
    std::shared_ptr<Device> device_;
    std::vector<Place> blocks_;
};

}  // namespace vit
