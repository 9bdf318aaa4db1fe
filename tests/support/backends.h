// Which backends are tested: all that run here, or the one that VIT_TEST_BACKEND names in the environment.
// If that one cannot run here, the program ends with the status 77, which CTest takes for skipped.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "vit/vit.h"

namespace vit::test {

inline std::vector<std::string> tested_backends() {
    const char *only = std::getenv("VIT_TEST_BACKEND");
    std::vector<std::string> names;
    for (const BackendInfo &backend : backends()) {
        if (only && backend.name == only && !backend.supported) {
            std::printf("%s: %s\n", only, backend.reason.c_str());
            std::exit(77);
        }
        if (backend.supported && (!only || backend.name == only)) names.push_back(backend.name);
    }
    return names;
}

}  // namespace vit::test
