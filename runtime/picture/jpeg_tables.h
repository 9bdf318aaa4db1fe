// The Huffman tables of ITU T.81, annex K.3, which webcams leave out.
#pragma once

#include <cstdint>
#include <span>

namespace vit {

// A DHT segment from its marker on.
std::span<const std::uint8_t> standard_huffman_tables();

}  // namespace vit
