// Fetching what comes next, a little at a time: a scheduling directive that Halide does not have.
//
// Func::prefetch fetches all that an iteration of a loop reads at once: a panel of weights (48 KiB), which
// waits for memory as reading it would. Here each step of an inner loop fetches a share, so that memory has
// the time of a whole iteration.
#pragma once

#include <string>
#include <vector>

#include "Halide.h"

namespace vit {

struct SpreadPrefetch {
    std::string buffer;  // Of this buffer,
    int dimension;       // the next block along this dimension is fetched
    std::string loop;    // during this loop, which uses the present block in each iteration,
    std::string step;    // by the steps of this loop inside it.
    // Loops between the two in which the block stays the same.
    std::vector<std::string> between = {};
    Halide::Expr distance = 1;  // in blocks, from the present one to the next
};

// Loops are FUNC.VAR: "y$1.tile_in_task". A step fetches one cache line. The last block's next lies past the
// end of the buffer, which is harmless: a prefetch does not fault.
void prefetch_spread(Halide::Pipeline pipeline, const SpreadPrefetch &spread);

}  // namespace vit
