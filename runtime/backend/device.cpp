#include "backend/device.h"

#include <map>
#include <new>

namespace vit {

namespace {

// How many devices there are for each context of an app.
class AppContexts {
public:
    void enter(void *context) {
        const std::lock_guard lock(mutex_);
        devices_[context]++;
    }
    // Was it the last one?
    bool leave(void *context) noexcept {
        const std::lock_guard lock(mutex_);
        const auto at = devices_.find(context);
        if (at == devices_.end() || --at->second > 0) {
            return false;
        }
        devices_.erase(at);
        return true;
    }

private:
    std::mutex mutex_;
    std::map<void *, int> devices_;
};

AppContexts &app_contexts() {
    static AppContexts contexts;
    return contexts;
}

}  // namespace

Device::Device(const DeviceApi &api, const DeviceHandles &handles, bool owned)
    : api_(api), handles_(handles), owned_(owned), context_(1, {}, this) {}

Result<std::shared_ptr<Device>> Device::open(const DeviceApi &api, const DeviceNeeds &needs, int number,
                                             const DeviceHandles &handles) {
    install_halide_handlers();
    if (handles.context) {
        app_contexts().enter(handles.context);
        return std::shared_ptr<Device>(new Device(api, handles, false));
    }
    VIT_TRY_ASSIGN(const std::vector<FoundDevice> found, api.find(needs));
    if (number < 0 || number >= static_cast<int>(found.size())) {
        return fail(ErrorCode::backend, std::string(api.name) + " has no device " + std::to_string(number) +
                                            ", only " + std::to_string(found.size()));
    }
    VIT_TRY_ASSIGN(const DeviceHandles opened, api.open(found[number]));
    return std::shared_ptr<Device>(new Device(api, opened, true));
}

// An app's context may end when the last model is gone that has it, and with it what Halide keeps for it.
Device::~Device() {
    if (owned_) {
        api_.close(handles_);
    } else if (app_contexts().leave(handles_.context)) {
        api_.interface()->device_release(&context_, api_.interface());
    }
}

template<typename Call>
Result<void> Device::call(const char *what, Call call) {
    const std::lock_guard lock(mutex_);
    return context_.check(what, call(&context_));
}

Result<Place> Device::allocate(halide_type_t type, std::size_t count) {
    BufferView<1> view(nullptr, type, {static_cast<int>(count)});
    halide_buffer_t *buffer = view;
    const Result<void> done = call("allocation on the device", [&](void *context) {
        return halide_device_malloc(context, buffer, api_.interface());
    });
    if (!done) {
        return fail(ErrorCode::memory, "cannot allocate " + std::to_string(count * type.bytes()) +
                                           " bytes on the device: " + done.error().message);
    }
    return Place{nullptr, type, buffer->device, buffer->device_interface};
}

template<typename Call>
void Device::call_quietly(const char *what, Call call) noexcept {
    try {
        (void)this->call(what, call);
    } catch (const std::bad_alloc &) {  // of the sentence that nobody would read
    }
}

void Device::free(const Place &place) noexcept {
    FloatView<1> buffer(place, {1});
    call_quietly("release of memory", [&](void *context) { return halide_device_free(context, buffer); });
}

Result<void> Device::upload(const void *from, std::size_t count, const Place &to) {
    View<1> view(Place{from, to.type, to.device, to.interface}, {static_cast<int>(count)});
    halide_buffer_t *buffer = view;
    buffer->set_host_dirty();
    return call("copy to the device", [&](void *context) {
        return halide_copy_to_device(context, buffer, api_.interface());
    });
}

Result<void> Device::download(const Place &from, std::size_t count, void *to) {
    View<1> view(Place{to, from.type, from.device, from.interface}, {static_cast<int>(count)});
    halide_buffer_t *buffer = view;
    buffer->set_device_dirty();
    VIT_TRY(call("copy from the device",
                 [&](void *context) { return halide_copy_to_host(context, buffer); }));
    return finish();  // a copy may have been queued only
}

Result<void> Device::finish() {
    return call("waiting for the device", [&](void *context) {
        return halide_device_sync_global(context, api_.interface());
    });
}

Result<Place> Device::wrap(std::uint64_t native, std::size_t floats) {
    BufferView<1> view(nullptr, halide_type_of<float>(), {static_cast<int>(floats)});
    halide_buffer_t *buffer = view;
    VIT_TRY(call("memory of the app", [&](void *context) {
        return api_.interface()->wrap_native(context, buffer, native, api_.interface());
    }));
    return Place{nullptr, halide_type_of<float>(), buffer->device, buffer->device_interface};
}

void Device::unwrap(const Place &place) noexcept {
    FloatView<1> buffer(place, {1});
    call_quietly("memory of the app",
                 [&](void *context) { return halide_device_detach_native(context, buffer); });
}

Result<void> Device::copy(const Place &from, int from_stride, const Place &to, int to_stride, int columns,
                          int rows) {
    FloatView<2> source(from, {Dim{columns, 1}, Dim{rows, from_stride}});
    FloatView<2> target(to, {Dim{columns, 1}, Dim{rows, to_stride}});
    halide_buffer_t *in = source, *out = target;
    in->set_device_dirty();
    return call("copy on the device", [&](void *context) {
        return halide_buffer_copy(context, in, api_.interface(), out);
    });
}

DeviceMemory &DeviceMemory::operator=(DeviceMemory &&other) noexcept {
    std::swap(device_, other.device_);
    std::swap(blocks_, other.blocks_);
    return *this;
}

DeviceMemory::~DeviceMemory() {
    for (const Place &block : blocks_) {
        device_->free(block);
    }
}

Result<Place> DeviceMemory::allocate(halide_type_t type, std::size_t count) {
    blocks_.reserve(blocks_.size() + 1);  // so that no block is lost for want of a place to note it
    VIT_TRY_ASSIGN(const Place block, device_->allocate(type, count));
    blocks_.push_back(block);
    return block;
}

}  // namespace vit
