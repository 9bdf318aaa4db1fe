// CUDA, as far as Halide leaves it to us: which devices there are, and a context and a stream on one. The
// driver is loaded when it is first asked for; of the toolkit nothing is needed.
#include "backend/halide_runtime.h"

#include <HalideRuntimeCuda.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "backend/device.h"
#include "backend/dynamic_library.h"

namespace vit {

namespace {

// Of the driver's interface, what is needed here (CUDA Driver API, version 2 of what has one).
using CuResult = int;
using CuDevice = int;
constexpr int compute_capability_major = 75, compute_capability_minor = 76;
constexpr unsigned stream_non_blocking = 1;
constexpr int jit_max_registers = 0;
constexpr std::uintptr_t most_registers = 255;  // of a thread, whatever the compute capability

struct Cuda {
    CuResult (*init)(unsigned flags);
    CuResult (*device_count)(int *count);
    CuResult (*device)(CuDevice *device, int number);
    CuResult (*name)(char *name, int size, CuDevice device);
    CuResult (*attribute)(int *value, int attribute, CuDevice device);
    CuResult (*retain)(void **context, CuDevice device);
    CuResult (*push)(void *context);
    CuResult (*pop)(void **context);
    CuResult (*create_stream)(void **stream, unsigned flags);
    CuResult (*destroy_stream)(void *stream);
    CuResult (*load_module)(void **module, const void *code, unsigned count, int *options, void **values);
    DynamicLibrary library{"libcuda.so.1", RTLD_LAZY | RTLD_LOCAL};

    Cuda() {
        library.find("cuInit", init);
        library.find("cuDeviceGetCount", device_count);
        library.find("cuDeviceGet", device);
        library.find("cuDeviceGetName", name);
        library.find("cuDeviceGetAttribute", attribute);
        library.find("cuDevicePrimaryCtxRetain", retain);
        library.find("cuCtxPushCurrent_v2", push);
        library.find("cuCtxPopCurrent_v2", pop);
        library.find("cuStreamCreate", create_stream);
        library.find("cuStreamDestroy_v2", destroy_stream);
        library.find("cuModuleLoadDataEx", load_module);
    }
};

const Cuda &cuda() {
    static const Cuda api;
    return api;
}

Result<std::vector<FoundDevice>> find_devices(const DeviceNeeds &needs) {
    const Cuda &cu = cuda();
    if (!cu.library.is_complete()) {
        return fail(ErrorCode::backend, "there is no CUDA driver here (libcuda.so.1)");
    }
    if (const CuResult error = cu.init(0)) {
        return fail(ErrorCode::backend,
                    "the CUDA driver does not start (error " + std::to_string(error) + ")");
    }
    int count = 0;
    if (cu.device_count(&count) || count == 0) {
        return fail(ErrorCode::backend, "CUDA has no device here");
    }
    const int needed = needs.capability;
    std::vector<FoundDevice> found;
    std::string others;
    for (int i = 0; i < count; i++) {
        CuDevice device = 0;
        char name[256] = "";
        int major = 0, minor = 0;
        if (cu.device(&device, i) || cu.name(name, sizeof(name) - 1, device) ||
            cu.attribute(&major, compute_capability_major, device) ||
            cu.attribute(&minor, compute_capability_minor, device)) {
            continue;
        }
        const std::string capability = std::to_string(major) + "." + std::to_string(minor);
        if (10 * major + minor >= needed) {
            found.push_back({std::string(name) + ", compute capability " + capability, 0,
                             static_cast<std::uintptr_t>(device)});
        } else {
            others += (others.empty() ? "" : ", ") + std::string(name) + " has " + capability;
        }
    }
    if (found.empty()) {
        return fail(ErrorCode::backend, "CUDA has no device of compute capability " +
                                            std::to_string(needed / 10) + "." + std::to_string(needed % 10) +
                                            (others.empty() ? "" : " (" + others + ")"));
    }
    return found;
}

halide_cuda_acquire_context_t default_acquire = nullptr;
halide_cuda_release_context_t default_release = nullptr;
halide_cuda_get_stream_t default_stream = nullptr;

// Null for stages that are called without one, as tests do: Halide's own ways serve them.
const Device *device_of(void *user_context) {
    return user_context ? static_cast<KernelContext *>(user_context)->device() : nullptr;
}

int on_acquire(void *user_context, void **context, bool create) {
    const Device *device = device_of(user_context);
    if (!device) {
        return default_acquire(user_context, context, create);
    }
    *context = device->handles().context;
    return 0;
}

int on_release(void *user_context) {
    return device_of(user_context) ? 0 : default_release(user_context);
}

int on_stream(void *user_context, void *context, void **stream) {
    const Device *device = device_of(user_context);
    if (!device) {
        return default_stream(user_context, context, stream);
    }
    *stream = device->handles().queue;
    return 0;
}

// The one option that Halide 21 gives, unless the user does in the environment, is a cap of 64 registers a
// thread, which a register tile alone takes. Stages have as many as there are, and that has to be said:
// without the option the driver takes fewer by itself, and on an H200 64 images of ViT-B/16 took 97 ms
// instead of 83, stages up to 1.6 times as long.
CuResult load_module(void **module, const void *code, unsigned count, int *options, void **values) {
    if (std::getenv("HL_CUDA_JIT_MAX_REGISTERS")) {
        return cuda().load_module(module, code, count, options, values);
    }
    int option = jit_max_registers;
    void *value = reinterpret_cast<void *>(most_registers);
    return cuda().load_module(module, code, 1, &option, &value);
}

// Where Halide looks for a driver's functions, those of OpenCL's, too: without a library first. It would
// open CUDA's by a name that only toolkits have.
void *on_symbol(void *library, const char *name) {
    if (!library && std::strcmp(name, "cuModuleLoadDataEx") == 0) {
        return reinterpret_cast<void *>(load_module);
    }
    if (!library && std::strncmp(name, "cu", 2) == 0) {
        return cuda().library.address(name);
    }
    return halide_default_get_library_symbol(library, name);
}

// Before the first stage is loaded. Whoever is not the first waits here: no stage runs with half of this.
void prepare_halide() {
    static std::once_flag once;
    std::call_once(once, [] {
        halide_set_custom_get_library_symbol(on_symbol);
        default_acquire = halide_set_cuda_acquire_context(on_acquire);
        default_release = halide_set_cuda_release_context(on_release);
        default_stream = halide_set_cuda_get_stream(on_stream);
    });
}

// Nothing runs on a device before it has been found: here Halide is prepared for whoever then calls stages,
// tests among them.
Result<std::vector<FoundDevice>> find_and_prepare(const DeviceNeeds &needs) {
    prepare_halide();
    return find_devices(needs);
}

// Kept for as long as the process runs (DeviceApi::open).
Result<void *> context_of(const FoundDevice &device) {
    static std::mutex mutex;
    static std::map<CuDevice, void *> contexts;
    const std::lock_guard lock(mutex);
    void *&context = contexts[static_cast<CuDevice>(device.device)];
    if (!context) {
        if (const CuResult error = cuda().retain(&context, static_cast<CuDevice>(device.device))) {
            context = nullptr;
            return fail(ErrorCode::backend, device.name + ": cannot create a context (CUDA error " +
                                                std::to_string(error) + ")");
        }
    }
    return context;
}

Result<DeviceHandles> open(const FoundDevice &device) {
    const Cuda &cu = cuda();
    DeviceHandles handles;
    VIT_TRY_ASSIGN(handles.context, context_of(device));
    void *before = nullptr;
    CuResult error = cu.push(handles.context);
    if (!error) {
        error = cu.create_stream(&handles.queue, stream_non_blocking);
        cu.pop(&before);
    }
    if (error) {
        return fail(ErrorCode::backend,
                    device.name + ": cannot create a stream (CUDA error " + std::to_string(error) + ")");
    }
    return handles;
}

void close(const DeviceHandles &handles) {
    const Cuda &cu = cuda();
    void *before = nullptr;
    if (cu.push(handles.context) == 0) {
        cu.destroy_stream(handles.queue);
        cu.pop(&before);
    }
}

}  // namespace

const DeviceApi cuda_api = {"CUDA", halide_cuda_device_interface, find_and_prepare, open, close};

}  // namespace vit
