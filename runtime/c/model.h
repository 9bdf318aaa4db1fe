// The handle of a model, which sessions and preprocessors are made of.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "c/boundary.h"

namespace vit::c {

// A backend as C sees it: pointers into what lies beside them.
class Backend {
public:
    explicit Backend(BackendInfo info);
    Backend(const Backend &) = delete;
    Backend &operator=(const Backend &) = delete;

    const vit_backend &seen() const { return seen_; }

private:
    const BackendInfo info_;
    std::vector<const char *> devices_;
    vit_backend seen_;
};

}  // namespace vit::c

struct vit_model {
    vit::Model its;
    std::string architecture;  // as a text
    vit::c::Backend backend;
};
