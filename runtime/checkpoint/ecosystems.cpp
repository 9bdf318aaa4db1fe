#include "checkpoint/ecosystem.h"

namespace vit {

// What namings/<name>.cpp defines.
#define NAMED(name)                  \
    [] {                             \
        extern const Ecosystem name; \
        return name;                 \
    }()

const std::vector<Ecosystem> &ecosystems() {
    static const std::vector<Ecosystem> all{
        NAMED(timm),
        NAMED(torchvision),
        NAMED(hugging_face),
    };
    return all;
}

}  // namespace vit
