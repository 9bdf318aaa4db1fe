// Checksums of packed files: XXH3 of 64 bits, which no flipped bit survives and which costs what reading the
// memory costs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vit {

std::uint64_t checksum(const void *bytes, std::size_t size);

// Weights have one for each so many bytes, so that threads share the work and a fault is told by its place.
inline constexpr std::size_t checksum_chunk = std::size_t{4} << 20;

inline std::size_t checksum_count(std::uint64_t bytes) {
    return static_cast<std::size_t>((bytes + checksum_chunk - 1) / checksum_chunk);
}

}  // namespace vit
