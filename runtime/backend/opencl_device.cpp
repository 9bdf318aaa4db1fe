// OpenCL, as far as Halide leaves it to us: which devices there are, and a context and a queue on one. The
// library is loaded when it is first asked for.
//
// HL_OCL_PLATFORM_NAME (part of a platform's name) and HL_OCL_DEVICE_TYPE (cpu, gpu or acc) restrict the
// devices, as they do in Halide.
#define CL_TARGET_OPENCL_VERSION 120
#include "backend/halide_runtime.h"

#include <CL/cl.h>
#include <HalideRuntimeOpenCL.h>

#include <cstdlib>
#include <map>
#include <mutex>

#include "backend/device.h"
#include "backend/dynamic_library.h"

namespace vit {

namespace {

struct OpenCl {
    decltype(&clGetPlatformIDs) get_platform_ids;
    decltype(&clGetPlatformInfo) get_platform_info;
    decltype(&clGetDeviceIDs) get_device_ids;
    decltype(&clGetDeviceInfo) get_device_info;
    decltype(&clCreateContext) create_context;
    decltype(&clCreateCommandQueue) create_queue;
    decltype(&clReleaseCommandQueue) release_queue;
    bool complete = false;

    OpenCl() {
        DynamicLibrary library("libOpenCL.so.1", RTLD_LAZY | RTLD_LOCAL);
        library.find("clGetPlatformIDs", get_platform_ids);
        library.find("clGetPlatformInfo", get_platform_info);
        library.find("clGetDeviceIDs", get_device_ids);
        library.find("clGetDeviceInfo", get_device_info);
        library.find("clCreateContext", create_context);
        library.find("clCreateCommandQueue", create_queue);
        library.find("clReleaseCommandQueue", release_queue);
        complete = library.is_complete();
    }
};

const OpenCl &opencl() {
    static const OpenCl api;
    return api;
}

template<typename Query, typename Object>
std::string text_of(Query query, Object object, cl_uint what) {
    std::size_t size = 0;
    if (query(object, what, 0, nullptr, &size) != CL_SUCCESS || size == 0) {
        return {};
    }
    std::string text(size, '\0');
    if (query(object, what, size, text.data(), nullptr) != CL_SUCCESS) {
        return {};
    }
    return text.c_str();  // up to its end
}

std::string variable(const char *name) {
    const char *value = std::getenv(name);
    return value ? value : "";
}

// All types for what is none of HL_OCL_DEVICE_TYPE.
cl_device_type type_named(const std::string &name) {
    return name == "cpu"   ? CL_DEVICE_TYPE_CPU
           : name == "gpu" ? CL_DEVICE_TYPE_GPU
           : name == "acc" ? CL_DEVICE_TYPE_ACCELERATOR
                           : CL_DEVICE_TYPE_ALL;
}

bool is_gpu(cl_device_id id) {
    cl_device_type type = 0;
    return opencl().get_device_info(id, CL_DEVICE_TYPE, sizeof(type), &type, nullptr) == CL_SUCCESS &&
           (type & CL_DEVICE_TYPE_GPU);
}

// GPUs first: a machine that has one may have OpenCL for its processor, too, whose platform comes before.
Result<std::vector<FoundDevice>> find_devices(const DeviceNeeds &needs) {
    const OpenCl &cl = opencl();
    if (!cl.complete) {
        return fail(ErrorCode::backend, "there is no OpenCL here (libOpenCL.so.1)");
    }
    cl_uint count = 0;
    if (cl.get_platform_ids(0, nullptr, &count) != CL_SUCCESS || count == 0) {
        return fail(ErrorCode::backend, "OpenCL has no platform here");
    }
    std::vector<cl_platform_id> platforms(count);
    cl.get_platform_ids(count, platforms.data(), nullptr);

    const std::string wanted = variable("HL_OCL_PLATFORM_NAME"), kind = variable("HL_OCL_DEVICE_TYPE");
    const cl_device_type type = type_named(needs.type) & type_named(kind);  // none for cpu and gpu
    std::vector<FoundDevice> found, others;
    bool named = false;
    for (const cl_platform_id platform : platforms) {
        const std::string name = text_of(cl.get_platform_info, platform, CL_PLATFORM_NAME);
        if (name.find(wanted) == std::string::npos) {
            continue;
        }
        named = true;
        cl_uint devices = 0;
        if (cl.get_device_ids(platform, type, 0, nullptr, &devices) != CL_SUCCESS || devices == 0) {
            continue;
        }
        std::vector<cl_device_id> ids(devices);
        cl.get_device_ids(platform, type, devices, ids.data(), nullptr);
        for (const cl_device_id id : ids) {
            (is_gpu(id) ? found : others)
                .push_back({name + ": " + text_of(cl.get_device_info, id, CL_DEVICE_NAME),
                            reinterpret_cast<std::uintptr_t>(platform),
                            reinterpret_cast<std::uintptr_t>(id)});
        }
    }
    found.insert(found.end(), others.begin(), others.end());
    if (!named) {
        return fail(ErrorCode::backend,
                    "no OpenCL platform has \"" + wanted + "\" in its name (HL_OCL_PLATFORM_NAME)");
    }
    if (found.empty()) {
        std::string types = needs.type;
        if (!kind.empty() && kind != types) {
            types += (types.empty() ? "" : " and ") + kind;
        }
        return fail(ErrorCode::backend,
                    "OpenCL has no device" + (types.empty() ? "" : " of type " + types) + " here");
    }
    return found;
}

// Kept for as long as the process runs (DeviceApi::open).
Result<cl_context> context_of(const FoundDevice &device) {
    static std::mutex mutex;
    static std::map<cl_device_id, cl_context> contexts;
    const auto id = reinterpret_cast<cl_device_id>(device.device);
    const std::lock_guard lock(mutex);
    cl_context &context = contexts[id];
    if (!context) {
        const cl_context_properties properties[] = {
            CL_CONTEXT_PLATFORM, static_cast<cl_context_properties>(device.platform), 0};
        cl_int error = CL_SUCCESS;
        context = opencl().create_context(properties, 1, &id, nullptr, nullptr, &error);
        if (error != CL_SUCCESS) {
            context = nullptr;
            return fail(ErrorCode::backend, device.name + ": cannot create a context (OpenCL error " +
                                                std::to_string(error) + ")");
        }
    }
    return context;
}

Result<DeviceHandles> open(const FoundDevice &device) {
    VIT_TRY_ASSIGN(const cl_context context, context_of(device));
    cl_int error = CL_SUCCESS;
    const cl_command_queue queue =
        opencl().create_queue(context, reinterpret_cast<cl_device_id>(device.device), 0, &error);
    if (error != CL_SUCCESS) {
        return fail(ErrorCode::backend,
                    device.name + ": cannot create a queue (OpenCL error " + std::to_string(error) + ")");
    }
    return DeviceHandles{context, queue};
}

void close(const DeviceHandles &handles) {
    opencl().release_queue(static_cast<cl_command_queue>(handles.queue));
}

// For stages that are called without a Device, as tests do: the first device, once one is needed. Halide
// asks at the end of the process, too, whether there was one: none must be opened then.
Result<DeviceHandles> default_handles(bool create) {
    static std::mutex mutex;
    static DeviceHandles handles;
    const std::lock_guard lock(mutex);
    if (create && !handles.context) {
        VIT_TRY_ASSIGN(const std::vector<FoundDevice> found, find_devices({}));
        VIT_TRY_ASSIGN(handles, open(found.front()));
    }
    return handles;
}

}  // namespace

const DeviceApi opencl_api = {"OpenCL", halide_opencl_device_interface, find_devices, open, close};

}  // namespace vit

// Halide's runtime asks these, which stand for its own weak ones, for context and queue.
extern "C" int halide_acquire_cl_context(void *user_context, cl_context *context, cl_command_queue *queue,
                                         bool create) {
    vit::DeviceHandles handles;
    const auto *call = static_cast<vit::KernelContext *>(user_context);
    if (call && call->device()) {
        handles = call->device()->handles();
    } else if (const auto first = vit::default_handles(create)) {
        handles = *first;
    } else {
        halide_error(user_context, first.error().message.c_str());
        return halide_error_code_gpu_device_error;
    }
    *context = static_cast<cl_context>(handles.context);
    *queue = static_cast<cl_command_queue>(handles.queue);
    return 0;
}

extern "C" int halide_release_cl_context(void *) {
    return 0;
}
