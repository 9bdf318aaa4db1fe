// A model as packed for one target, in a file that is mapped:
//   "VITPACK\n", the header's length as 8 little-endian bytes, the header (packed_header.h) as JSON, zeros to
//   a multiple of packed_alignment, the weights as they lie in memory (runtime/network/weights.cpp).
#pragma once

#include <memory>
#include <string>

#include "model.h"

namespace vit {

inline constexpr std::size_t packed_alignment =
    65536;  // the largest page that Linux has on its usual machines

// Errors: io.
Result<void> write_packed(const Model::Impl &model, const std::string &path);

// Errors: io, format, config; backend, for a file packed for another target, other blocks or another
// version.
Result<std::shared_ptr<Model::Impl>> read_packed(const std::string &path, const Backend &backend,
                                                 const Blocks &blocks);

}  // namespace vit
