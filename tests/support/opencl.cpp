#include "tests/support/opencl.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <gtest/gtest.h>

namespace vit::test {

namespace {

// Of <CL/cl.h>, which need not be there: handles are pointers, results are 0 if all is well.
template<typename Function>
Function *find(const char *name) {
    static void *library = dlopen("libOpenCL.so.1", RTLD_LAZY | RTLD_LOCAL);
    return library ? reinterpret_cast<Function *>(dlsym(library, name)) : nullptr;
}

constexpr unsigned platform_name = 0x0902;
constexpr std::uint64_t any_device = 0xffffffff, gpu = 1 << 2, read_write = 1, copy_host = 1 << 5;

}  // namespace

// The device that the library would take: the first GPU, else the first there is, of the platforms that
// HL_OCL_PLATFORM_NAME leaves.
OpenClApp::OpenClApp() {
    const auto platforms = find<int(unsigned, void **, unsigned *)>("clGetPlatformIDs");
    const auto info =
        find<int(void *, unsigned, std::size_t, void *, std::size_t *)>("clGetPlatformInfo");
    const auto devices = find<int(void *, std::uint64_t, unsigned, void **, unsigned *)>("clGetDeviceIDs");
    const char *wanted = std::getenv("HL_OCL_PLATFORM_NAME");
    void *all[16] = {}, *device = nullptr;
    unsigned count = 0;
    if (!platforms || !info || !devices || platforms(16, all, &count) != 0) return;
    for (const std::uint64_t type : {gpu, any_device}) {
        for (unsigned i = 0; i < std::min(count, 16u) && !device; i++) {
            char name[256] = "";
            info(all[i], platform_name, sizeof(name) - 1, name, nullptr);
            if (wanted && !std::strstr(name, wanted)) continue;
            if (devices(all[i], type, 1, &device, nullptr) != 0) device = nullptr;
        }
    }
    if (!device) return;
    int error = 0;
    handles_.context = find<void *(const void *, unsigned, void **, void *, void *, int *)>(
        "clCreateContext")(nullptr, 1, &device, nullptr, nullptr, &error);
    handles_.queue = find<void *(void *, void *, std::uint64_t, int *)>("clCreateCommandQueue")(
        handles_.context, device, 0, &error);
    EXPECT_EQ(error, 0);
}

OpenClApp::~OpenClApp() {
    for (void *buffer : buffers_) find<int(void *)>("clReleaseMemObject")(buffer);
    if (handles_.queue) find<int(void *)>("clReleaseCommandQueue")(handles_.queue);
    if (handles_.context) find<int(void *)>("clReleaseContext")(handles_.context);
}

std::uint64_t OpenClApp::buffer(const std::vector<float> &values) {
    int error = 0;
    void *buffer = find<void *(void *, std::uint64_t, std::size_t, void *, int *)>("clCreateBuffer")(
        handles_.context, read_write | copy_host, values.size() * sizeof(float),
        const_cast<float *>(values.data()), &error);
    EXPECT_EQ(error, 0);
    buffers_.push_back(buffer);
    return reinterpret_cast<std::uint64_t>(buffer);
}

void OpenClApp::read(std::uint64_t buffer, std::vector<float> &values) {
    using Read =
        int(void *, void *, unsigned, std::size_t, std::size_t, void *, unsigned, const void *, void *);
    EXPECT_EQ(find<Read>("clEnqueueReadBuffer")(handles_.queue, reinterpret_cast<void *>(buffer), 1, 0,
                                                values.size() * sizeof(float), values.data(), 0, nullptr,
                                                nullptr),
              0);
}

}  // namespace vit::test
