// An app that uses OpenCL by itself: its context, its queue and its buffers. Loads the library by name, so
// that tests start where there is none.
#pragma once

#include <cstdint>
#include <vector>

#include "vit/vit.h"

namespace vit::test {

class OpenClApp {
public:
    OpenClApp();
    ~OpenClApp();
    OpenClApp(const OpenClApp &) = delete;
    OpenClApp &operator=(const OpenClApp &) = delete;

    bool is_there() const { return handles_.queue != nullptr; }
    DeviceHandles handles() const { return handles_; }

    // Lives as long as the app. Failures of OpenCL are failures of the test.
    std::uint64_t buffer(const std::vector<float> &values);
    void read(std::uint64_t buffer, std::vector<float> &values);

private:
    DeviceHandles handles_;
    std::vector<void *> buffers_;
};

}  // namespace vit::test
