// How large a picture is as its streams say.
#pragma once

#include <cstdint>
#include <optional>

#include "picture/picture.h"

namespace vit {

// The pixels of the largest picture that is decoded for one: itself, what it is made of, its alpha, each as
// its stream of HEVC or AV1, or its grid, says, whatever the file says elsewhere. Decoders take memory by
// that. Nothing: its data do not lie in the file, or are, together, many times as much.
std::optional<std::uint64_t> heif_coded_pixels(Octets file, std::uint64_t picture);

}  // namespace vit
