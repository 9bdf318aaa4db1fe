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
constexpr std::uint64_t any_device = 0xffffffff, read_write = 1, copy_host = 1 << 5;

}  // namespace

// The first platform that the library would take, too (HL_OCL_PLATFORM_NAME).
OpenClApp::OpenClApp() {
    const auto platforms = find<int(unsigned, void **, unsigned *)>("clGetPlatformIDs");
    const auto info =
        find<int(void *, unsigned, std::size_t, void *, std::size_t *)>("clGetPlatformInfo");
    const char *wanted = std::getenv("HL_OCL_PLATFORM_NAME");
    void *all[16] = {}, *platform = nullptr, *device = nullptr;
    unsigned count = 0;
    if (!platforms || !info || platforms(16, all, &count) != 0) return;
    for (unsigned i = 0; i < std::min(count, 16u) && !platform; i++) {
        char name[256] = "";
        info(all[i], platform_name, sizeof(name) - 1, name, nullptr);
        if (!wanted || std::strstr(name, wanted)) platform = all[i];
    }
    if (!platform) return;
    if (find<int(void *, std::uint64_t, unsigned, void **, unsigned *)>("clGetDeviceIDs")(
            platform, any_device, 1, &device, nullptr) != 0) {
        return;
    }
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
