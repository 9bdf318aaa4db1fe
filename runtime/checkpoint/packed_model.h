// A model as packed for one target, in a file that is mapped:
//   "VITPACK\n", the header's length and its checksum, 8 little-endian bytes each, the header
//   (packed_header.h) as JSON, zeros to a multiple of packed_alignment, the weights as they lie in memory
//   (network/places.h).
#pragma once

#include <memory>
#include <string>

#include "checkpoint/packed_file.h"
#include "model.h"

namespace vit {

// The largest page that Linux has on its usual machines.
inline constexpr std::size_t packed_alignment = 65536;

// Errors: io, memory, kernel.
Result<void> write_packed(const Model::Impl &model, const std::string &path,
                          const std::optional<Accuracy> &accuracy);

// `path` is what sentences call the file. Errors: io, format, config, cancelled; backend, for a file packed
// for another target, in another way or by another version.
Result<std::shared_ptr<Model::Impl>> read_packed(PackedFile file, const std::string &path,
                                                 const Backend &backend, const ModelOptions &options);

// Whether bytes begin as a packed file does.
bool is_packed(Bytes bytes);

}  // namespace vit
