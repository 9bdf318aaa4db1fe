#include "checkpoint/ecosystem.h"

namespace vit {

extern const Ecosystem hugging_face;

const std::vector<Ecosystem> &ecosystems() {
    static const std::vector<Ecosystem> all{hugging_face};
    return all;
}

}  // namespace vit
