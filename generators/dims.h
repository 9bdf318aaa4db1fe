// The alphabet: what every dimension of every stage is called, innermost first.
//
//   c   channel of a token, 0 <= c < D (the paper's D, the model's width)
//   t   token: first the prefix (class token, registers), then the N patches
//   s   token again, where a query t looks at a key s
//   h   head, 0 <= h < k
//   d   channel within a head, 0 <= d < D_h
//   g   group of channels that are quantized alike (generators/fixed_point.h)
//   b   image of the batch
//
// Tokens and weights lie in blocks (generators/layout.h). A letter that names a position in a block has an
// `i` behind it (ci: channel in its chunk), one that counts blocks has its own name (chunk, tile, panel).
#pragma once

#include "Halide.h"

namespace vit::dims {

inline const Halide::Var ci{"ci"}, ti{"ti"}, si{"si"}, di{"di"};             // positions in a block
inline const Halide::Var vi{"vi"};                                           // vector (chunk) in a panel
inline const Halide::Var chunk{"chunk"}, tile{"tile"}, panel{"panel"};       // blocks
inline const Halide::Var group{"group"};                                     // of chunks
inline const Halide::Var c{"c"}, t{"t"}, s{"s"}, d{"d"}, h{"h"}, b{"b"};     // whole dimensions
inline const Halide::Var x{"x"}, y{"y"};                                     // pixels

}  // namespace vit::dims
