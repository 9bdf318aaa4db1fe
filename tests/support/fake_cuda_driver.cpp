// A CUDA driver with two made-up devices: what there is to be known before anything runs, and what goes
// wrong then. Built as libcuda.so.1; it has what cuda_device.cpp and Halide's runtime look for.
// FAKE_CUDA in the environment says what it cannot do:
//   (nothing)  create a context
//   memory     give memory
//   copy       use the memory that it gave
//   module     load a compiled stage
// It computes nothing.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

struct FakeDevice {
    const char *name;
    int major, minor;
};

constexpr FakeDevice devices[] = {{"Old GPU", 6, 1}, {"Newer GPU", 8, 0}};
constexpr int out_of_memory = 2, invalid_ptx = 218;

bool fails_at(const char *what) {
    const char *mode = std::getenv("FAKE_CUDA");
    return mode && std::strcmp(mode, what) == 0;
}

// Anything that is no null pointer.
char context, stream;

}  // namespace

extern "C" {

int cuInit(unsigned) { return 0; }

int cuDeviceGetCount(int *count) {
    *count = 2;
    return 0;
}

int cuDeviceGet(int *device, int number) {
    *device = number;
    return 0;
}

int cuDeviceGetName(char *name, int size, int device) {
    std::snprintf(name, size, "%s", devices[device].name);
    return 0;
}

// CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? devices[device].major : attribute == 76 ? devices[device].minor
                                                                       : -1;
    return 0;
}

int cuDevicePrimaryCtxRetain(void **result, int) {
    *result = &context;
    return std::getenv("FAKE_CUDA") ? 0 : out_of_memory;
}

int cuStreamCreate(void **result, unsigned) {
    *result = &stream;
    return 0;
}

int cuMemAlloc_v2(unsigned long long *pointer, std::size_t bytes) {
    if (fails_at("memory")) return out_of_memory;
    *pointer = reinterpret_cast<unsigned long long>(std::malloc(bytes));
    return 0;
}

int cuMemFree_v2(unsigned long long pointer) {
    std::free(reinterpret_cast<void *>(pointer));
    return 0;
}

int cuModuleLoadData(void **, const void *) { return invalid_ptx; }
// Says in the environment which options it was given, as "option=value ".
int cuModuleLoadDataEx(void **, const void *, unsigned count, const int *options, void *const *values) {
    std::string given;
    for (unsigned i = 0; i < count; i++) {
        given += std::to_string(options[i]) + "=" +
                 std::to_string(reinterpret_cast<std::uintptr_t>(values[i])) + " ";
    }
    setenv("FAKE_CUDA_OPTIONS", given.c_str(), 1);
    return invalid_ptx;
}

int cuCtxPushCurrent_v2(void *) { return 0; }
int cuCtxPopCurrent_v2(void **) { return 0; }
int cuCtxCreate_v2(void **, unsigned, int) { return out_of_memory; }
int cuCtxDestroy_v2(void *) { return 0; }
int cuCtxGetDevice(int *) { return 0; }
int cuCtxGetApiVersion(void *, unsigned *version) {
    *version = 3020;
    return 0;
}
int cuCtxSynchronize() { return 0; }
int cuDeviceTotalMem_v2(std::size_t *bytes, int) {
    *bytes = 0;
    return 0;
}
int cuStreamDestroy_v2(void *) { return 0; }
int cuStreamSynchronize(void *) { return 0; }
int cuLaunchKernel() { return invalid_ptx; }
int cuMemcpyHtoD_v2() { return fails_at("copy") ? out_of_memory : 0; }
int cuMemcpyDtoH_v2() { return 0; }
int cuMemcpyDtoD_v2() { return 0; }
int cuMemcpyHtoDAsync_v2() { return fails_at("copy") ? out_of_memory : 0; }
int cuMemcpyDtoHAsync_v2() { return 0; }
int cuMemcpyDtoDAsync_v2() { return 0; }
int cuMemcpy3D_v2() { return 0; }
int cuModuleUnload(void *) { return 0; }
int cuModuleGetFunction() { return invalid_ptx; }
int cuPointerGetAttribute() { return 0; }
int cuProfilerStop() { return 0; }
}
