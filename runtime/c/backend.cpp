#include "c/model.h"

namespace vit::c {

Backend::Backend(BackendInfo info)
    : info_(std::move(info)) {
    for (const std::string &device : info_.devices) devices_.push_back(device.c_str());
    seen_ = {info_.name.c_str(),  info_.target.c_str(), info_.reason.c_str(),
             info_.tuned.c_str(), devices_.data(),      static_cast<int32_t>(devices_.size()),
             info_.supported};
}

}  // namespace vit::c

using namespace vit;
using namespace vit::c;

struct vit_backends {
    std::vector<std::unique_ptr<c::Backend>> its;
};

vit_backends *vit_backends_new(vit_error **error) {
    return handle_of<vit_backends>(error, []() -> Result<std::unique_ptr<vit_backends>> {
        auto made = std::make_unique<vit_backends>();
        for (BackendInfo &info : backends()) {
            made->its.push_back(std::make_unique<c::Backend>(std::move(info)));
        }
        if (made->its.empty()) return out_of_memory();  // some are always compiled in
        return made;
    });
}

int32_t vit_backends_count(const vit_backends *backends) {
    return backends ? static_cast<int32_t>(backends->its.size()) : 0;
}

const vit_backend *vit_backends_at(const vit_backends *backends, int32_t i) {
    return i >= 0 && i < vit_backends_count(backends) ? &backends->its[i]->seen() : nullptr;
}

void vit_backends_free(vit_backends *backends) {
    delete backends;
}
