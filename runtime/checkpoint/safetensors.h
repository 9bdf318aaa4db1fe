// The safetensors format: eight bytes with the little-endian length of a JSON header, the header, which
// gives each tensor's type, shape and place, and the tensors' bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "error.h"
#include "checkpoint/mapped_file.h"

namespace vit {

// One tensor as the file declares it; a view, nothing converted.
struct StoredTensor {
    std::string file;                 // path, for messages
    std::string dtype;                // as the file names it: "F32", "BF16", "I64", ...
    std::vector<std::int64_t> shape;  // outermost first
    Bytes data;                       // row-major, little-endian, of any alignment
};

using StoredTensors = std::map<std::string, StoredTensor, std::less<>>;

// Every tensor of a file's bytes, which must outlive the result. All places are inside the file and apart
// from each other, and the number of bytes is that of type and shape, except for types not known to this
// version, whose size cannot be told. Memory needed is bounded by the header, whatever numbers it contains.
// Errors: format, tensor.
Result<StoredTensors> parse_safetensors(Bytes bytes, const std::string &file);

}  // namespace vit
