// A CUDA driver with two made-up devices, on which no context can be made: what there is to be known before
// anything runs. Built as libcuda.so.1, of which runtime/cuda_device.cpp asks these functions.
#include <cstdio>

namespace {

struct FakeDevice {
    const char *name;
    int major, minor;
};

constexpr FakeDevice devices[] = {{"Old GPU", 6, 1}, {"Newer GPU", 8, 0}};
constexpr int out_of_memory = 2;

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
    *value = attribute == 75 ? devices[device].major : attribute == 76 ? devices[device].minor : -1;
    return 0;
}

int cuDevicePrimaryCtxRetain(void **, int) { return out_of_memory; }
int cuCtxPushCurrent_v2(void *) { return 0; }
int cuCtxPopCurrent_v2(void **) { return 0; }
int cuStreamCreate(void **, unsigned) { return out_of_memory; }
int cuStreamDestroy_v2(void *) { return 0; }
}
