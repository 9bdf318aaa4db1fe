// What the tasks of a stage share among them: as plain data, for those who know nothing of Halide, too.
#pragma once

#include <cstddef>
#include <map>

namespace vit {

// What a stage has a number of at a shape.
enum class Of { panels,
                tiles,
                rows };

struct Extent {
    int count;          // of the things there are
    std::size_t bytes;  // that one of them keeps in a cache while its task runs
};

using Extents = std::map<Of, Extent>;

}  // namespace vit
