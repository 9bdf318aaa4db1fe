// Matrices in fixed point. A token's channels stand in groups, and each group of a token has terms of its
// own, found as its values are made:
//   x(c, t)   = scale(t, g) q(c, t) + offset(t, g)        g the group of c
// a weight matrix has a scale for each output:
//   W(k, c)   = scale(c) w(k, c)
// so that a product takes whole numbers but for a sum over the groups:
//   sum_k x(k, t) W(k, c) = scale(c) sum_g (scale(t, g) exact(c, t, g) + offset(t, g) sum_k w(k, c))
//   exact(c, t, g)        = sum_k q(k, t) w(k, c), k in g
// Two precisions:
//   i16  q and w in 12 bits with their sign, held in 16. No offset. A group has up to 512 channels, since
//        512 * 2047 * 2047 < 2^31: exact cannot overflow.
//   i8   q in 8 bits without a sign (dot products of x86 take such a factor on the left) or with one (those
//        of Arm), w in 8 with a sign and 127 levels either side. Offsets, which cost a product nothing but
//        a sum of weights made at packing: of a real DINOv2, simulated on photographs, the error of tokens
//        is 2.8 % with them and 5.2 % without. exact cannot overflow below 2^16 channels.
// A group's values are followed by its terms, bit for bit, each in the first elements of a chunk of its own:
// so a matrix is one buffer [ci, ti, chunk, group, tile], and is written in one go.
// Terms are not finite where a value is not, and so is every product that they have a part in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "generators/dims.h"
#include "generators/layout.h"

namespace vit {

struct FixedPoint {
    Halide::Type stored;              // activations' in memory
    Halide::Type activation, weight;  // as they are multiplied
    int lowest = 0, highest = 0;  // of activations
    int most_of_weights = 0;      // either side
    int step = 1;        // neighbouring k that one multiply-add takes: those of a chunk, or fewer
    bool offset = false;
    bool fused = false;  // a multiply-add is one instruction, which leaves its factors as they are

    int terms() const { return offset ? 2 : 1; }  // scale, offset

    // A term of the group of a matrix [ci, ti, chunk, ...] at `index` = {ti, chunk, ...}, its chunk that of
    // the term.
    Halide::Expr term(Halide::Func matrix, std::vector<Halide::Expr> index) const {
        using namespace Halide;
        index.insert(index.begin(), 0);
        Expr bits = cast<std::uint32_t>(0);
        for (int i = 0; i < elements_of_term(); i++) {
            index[0] = i;
            const Expr element = reinterpret(stored.with_code(Type::UInt), matrix(index));
            bits = bits | cast<std::uint32_t>(element) << (i * stored.bits());
        }
        return reinterpret<float>(bits);
    }
    // Element ci of a chunk with that term.
    Halide::Expr element(Halide::Expr term) const {
        using namespace Halide;
        const Expr shift = cast<std::uint32_t>(min(dims::ci, elements_of_term() - 1) * stored.bits());
        const Expr bits = reinterpret<std::uint32_t>(term) >> shift;
        return reinterpret(stored, cast(stored.with_code(Type::UInt), bits));
    }
    int elements_of_term() const { return 32 / stored.bits(); }
};

}  // namespace vit
