// Any bytes: read as config.json and as preprocessor_config.json, they give an error or sizes inside the
// promised bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "runtime/checkpoint/namings/hugging_face_config.h"
#include "runtime/checkpoint/namings/hugging_face_preprocessing.h"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

template<typename T>
bool check_message(const vit::Result<T> &result) {
    if (!result) require(result.error().message.find("fuzz.json") != std::string::npos);
    return result.has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const auto json = vit::parse_json(std::as_bytes(std::span(data, size)), "fuzz.json");
    if (!check_message(json)) return 0;
    const auto config = vit::read_config(json->root(), "fuzz.json");
    if (check_message(config)) {
        const vit::Architecture &a = config->architecture;
        require(a.head_size() * a.heads == a.width && a.patches() >= 1 && a.depth >= 1 &&
                a.layer_norm_epsilon > 0);
        require(config->labels.size() == static_cast<std::size_t>(a.labels));
    }
    const auto preprocessing = vit::parse_preprocessing(json->root(), "fuzz.json");
    if (check_message(preprocessing)) {
        for (const double deviation : preprocessing->std) require(deviation > 0);
        require(preprocessing->height >= 1 && preprocessing->crop_width >= 1 &&
                preprocessing->shortest_edge >= 0);
        if (config)
            check_message(vit::check_output_size(*preprocessing, config->architecture, "fuzz.json"));
    }
    return 0;
}
