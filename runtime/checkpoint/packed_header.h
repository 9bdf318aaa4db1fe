// The JSON that a packed model begins with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "network/geometry.h"
#include "checkpoint/json.h"
#include "preprocess/preprocessing.h"

namespace vit {

struct PackedHeader {
    std::string version;  // of the library: what is packed, and how, may change with it
    std::string target;   // target_machine of the backend
    Layout blocks;
    std::uint64_t packing = 0;  // fingerprint of how weights are packed (checkpoint/packing_fingerprint.h)
    std::uint64_t bytes = 0;    // of weights, which begin at the next multiple of packed_alignment
    std::vector<std::uint64_t> checksums;  // of the weights, for each checksum_chunk
    Precision precision = Precision::f32;
    std::optional<Accuracy> accuracy;
    Architecture architecture;
    Preprocessing preprocessing;
    std::vector<std::string> labels;
};

JsonDocument to_json(const PackedHeader &header);
// Everything is checked, as in a file from a stranger. Errors: config, format.
Result<PackedHeader> read_packed_header(const Json &json, const std::string &file);

}  // namespace vit
