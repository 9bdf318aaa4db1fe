#include "apps/autotune/values.h"

namespace vit::autotune {

std::string text_of(const Values &values) {
    std::string text;
    for (const auto &[name, value] : values) {
        text += (text.empty() ? "" : " ") + name + "=" + std::to_string(value);
    }
    return text;
}

}  // namespace vit::autotune
