#include "backend/backend.h"

#include "backend/cpu_features.h"
#include "words.h"

namespace vit {

Result<Kernel> Backend::kernel(const std::string &kernel_name) const {
    if (const Kernel *found = kernels->find(kernel_name)) {
        return *found;
    }
    return fail(ErrorCode::backend, std::string("backend ") + name + " was compiled without " + kernel_name);
}

std::string target_machine(const Backend &backend) {
    std::string words;
    std::string_view rest = backend.target();
    for (std::string word; !(word = take_word(rest, "-")).empty();) {
        if (word != "no_asserts" && word != "no_bounds_query" && word != "no_runtime" &&
            word != "user_context") {
            words += (words.empty() ? "" : "-") + word;
        }
    }
    return words;
}

BackendInfo describe(const Backend &backend) {
    BackendInfo info{.name = backend.name,
                     .target = target_machine(backend),
                     .supported = false,
                     .reason = unsupported_cpu(backend.target()),
                     .devices = {},
                     .tuned = backend.tuned};
    if (info.reason.empty() && backend.device_api) {
        const auto found = backend.device_api->find(backend.device);
        if (!found) {
            info.reason = found.error().message;
        } else {
            for (const FoundDevice &device : *found) {
                info.devices.push_back(device.name);
            }
        }
    }
    info.supported = info.reason.empty();
    return info;
}

std::vector<BackendInfo> backends() noexcept {
    return guarded_value([] {
        std::vector<BackendInfo> all;
        for (const Backend &backend : backend_table()) {
            all.push_back(describe(backend));
        }
        return all;
    });
}

Result<const Backend *> choose_backend(const std::string &name) {
    std::string reasons;
    for (const Backend &backend : backend_table()) {
        if (!name.empty() && name != backend.name) {
            reasons += std::string(reasons.empty() ? "" : ", ") + backend.name;
            continue;
        }
        const std::string reason = describe(backend).reason;
        if (reason.empty()) {
            return &backend;
        }
        if (!name.empty()) {
            return fail(ErrorCode::backend, "backend " + name + " cannot run here: " + reason);
        }
        reasons += std::string(reasons.empty() ? "" : "; ") + backend.name + ": " + reason;
    }
    if (!name.empty()) {
        return fail(ErrorCode::backend, "backend " + name + " is not compiled in; there is " + reasons);
    }
    return fail(ErrorCode::backend, "no compiled backend can run on this machine (" + reasons + ")");
}

}  // namespace vit
