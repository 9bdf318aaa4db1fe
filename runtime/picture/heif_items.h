// The items of a file: what they are, and where they lie.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "picture/picture.h"

namespace vit {

struct HeifItem {
    std::array<char, 4> type{};   // "hvc1", "av01", "grid"
    std::vector<Octets> extents;  // its data, one behind the other
    bool misplaced = false;       // an extent in a box (idat) that does not hold it
    Octets hevc, av1;             // what its hvcC and av1C hold
};

using HeifItems = std::map<std::uint64_t, HeifItem>;

// Those with the ids, for each description (meta) that the file has, as libheif 1.15 reads it. What lies
// beyond the file is left out; there libheif stops.
std::vector<HeifItems> heif_items(Octets file, const std::set<std::uint64_t> &ids);

}  // namespace vit
