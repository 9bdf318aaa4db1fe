// Writes safetensors files, good ones from tensors and bad ones from any header.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/checkpoint/checkpoint.h"

namespace vit::test {

// Round to nearest, ties to even, as hardware does it.
inline std::uint16_t to_f16(float value) {
    const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    const double magnitude = std::fabs(value);
    if (std::isnan(value)) return sign | 0x7E00;
    if (magnitude >= 65520) return sign | 0x7C00;
    if (magnitude == 0) return sign;
    const int exponent = std::max(std::ilogb(magnitude), -14);
    const auto quanta = static_cast<int>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
    // Normal: the leading one of `quanta` adds to the exponent field. Subnormal: it has none, and the field
    // stays 0.
    return static_cast<std::uint16_t>(sign | (((exponent + 14) << 10) + quanta));
}

inline std::uint16_t to_bf16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if (std::isnan(value)) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
    return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

inline float from_f16(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const double magnitude = exponent == 31 ? (fraction ? NAN : INFINITY) :
                             exponent == 0  ? std::ldexp(fraction, -24) :
                                              std::ldexp(1024 + fraction, exponent - 25);
    return static_cast<float>(bits & 0x8000 ? -magnitude : magnitude);
}

inline float from_bf16(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// The bytes of the values, each converted to the type.
inline std::string encode(const std::vector<float> &values, DType dtype) {
    std::string bytes;
    for (const float value : values) {
        if (dtype == DType::f32) {
            bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
        } else {
            const std::uint16_t half = dtype == DType::f16 ? to_f16(value) : to_bf16(value);
            bytes.append(reinterpret_cast<const char *>(&half), sizeof half);
        }
    }
    return bytes;
}

// The values of a tensor, widened to float.
inline std::vector<float> decode(const Tensor &tensor) {
    std::int64_t count = 1;
    for (const std::int64_t size : tensor.shape) count *= size;
    std::vector<float> values(static_cast<std::size_t>(count));
    const auto *bytes = static_cast<const char *>(tensor.data);
    for (float &value : values) {
        if (tensor.dtype == DType::f32) {
            std::memcpy(&value, bytes, sizeof value);
            bytes += sizeof value;
        } else {
            std::uint16_t half;
            std::memcpy(&half, bytes, sizeof half);
            value = tensor.dtype == DType::f16 ? from_f16(half) : from_bf16(half);
            bytes += sizeof half;
        }
    }
    return values;
}

// A file of this header and these bytes behind it, however little they fit.
inline std::string safetensors_file(const std::string &header, const std::string &data = {}) {
    std::string file;
    for (int i = 0; i < 8; i++)
        file += static_cast<char>(static_cast<std::uint64_t>(header.size()) >> (8 * i));
    return file + header + data;
}

struct NamedTensor {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<float> values;
    DType dtype = DType::f32;
};

inline std::string safetensors_file(const std::vector<NamedTensor> &tensors) {
    static constexpr const char *names[] = {"F32", "F16", "BF16"};
    nlohmann::json header = {{"__metadata__", {{"format", "pt"}}}};
    std::string data;
    for (const NamedTensor &tensor : tensors) {
        const std::size_t begin = data.size();
        data += encode(tensor.values, tensor.dtype);
        header[tensor.name] = {{"dtype", names[static_cast<int>(tensor.dtype)]},
                               {"shape", tensor.shape},
                               {"data_offsets", {begin, data.size()}}};
    }
    return safetensors_file(header.dump(), data);
}

}  // namespace vit::test
