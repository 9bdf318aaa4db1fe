// Which backends are tested: all that run here, or the one that VIT_TEST_BACKEND names in the environment.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "vit/vit.h"

namespace vit::test {

inline std::vector<std::string> tested_backends() {
    const char *only = std::getenv("VIT_TEST_BACKEND");
    std::vector<std::string> names;
    for (const BackendInfo &backend : backends()) {
        if (backend.supported && (!only || backend.name == only)) names.push_back(backend.name);
    }
    return names;
}

}  // namespace vit::test
