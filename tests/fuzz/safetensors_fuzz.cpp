// Any bytes: read as a safetensors file, they give an error or tensors whose every byte may be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "runtime/checkpoint/finite.h"
#include "runtime/checkpoint/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const vit::Bytes bytes = std::as_bytes(std::span(data, size));
    const auto tensors = vit::parse_safetensors(bytes, "fuzz.safetensors");
    if (!tensors) {
        if (tensors.error().message.find("fuzz.safetensors") == std::string::npos) std::abort();
        return 0;
    }
    for (const auto &[name, tensor] : *tensors) {
        if (tensor.data.empty()) continue;
        vit::first_non_finite(tensor.data.data(), vit::DType::bf16,
                              static_cast<std::int64_t>(tensor.data.size() / 2));
        if (tensor.data.data() < bytes.data() || &tensor.data.back() > &bytes.back()) std::abort();
    }
    return 0;
}
