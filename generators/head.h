// The classifier (the paper's eq. 4) on features, the first F tokens of a matrix, and what its logits mean:
//   logits(n, b)  = sum_f sum_c feature(c, f, b) W(f, c, n) + bias(n)
//   softmax   scores(n, b) = exp(logits(n, b) - max_n logits) / sum_n exp(logits(n, b) - max_n logits)
//   sigmoid   scores(n, b) = 1 / (1 + exp(-logits(n, b)))
//   identity  scores(n, b) = logits(n, b)
// One feature is a class token or a mean of patches; several are one matrix W over a wider input: a class
// token beside a mean, or two classifiers, each on a token of its own, whose logits are averaged. Features
// are normalized already, if they are at all.
#pragma once

#include "generators/activation.h"
#include "generators/dims.h"
#include "generators/layout.h"

namespace vit {

enum class HeadScores { softmax,
                        sigmoid,
                        identity };

struct Head {
    Halide::Func feature{"feature"};          // [ci, chunk, f, b]
    Halide::Func product{"product"};          // [ci, vi, panel, b]
    Halide::Func logits{"logits"};            // [n, b]
    Halide::Func largest{"largest"};          // [b]
    Halide::Func exponential{"exponential"};  // [n, b]
    Halide::Func total{"total"};              // [b]
    Halide::Func scores{"scores"};            // [n, b]
    Halide::Var n{"n"}, f{"f"};               // label, feature
    Halide::RDom k;                           // [c in chunk, chunk, f]
    Halide::RDom label;                       // [n]
    HeadScores kind;
    Layout layout;

    // tokens [ci, ti, chunk, tile, b], weights [n in panel, k, panel] with k = f times padded channels + c,
    // bias [n].
    Head(Halide::Func tokens, Halide::Func weights, Halide::Func bias, Halide::Expr chunks,
         Halide::Expr features, Halide::Expr labels, HeadScores its_kind, Layout blocks)
        : k(0, blocks.lanes, 0, chunks, 0, features, "k"), label(0, labels, "label"), kind(its_kind),
          layout(blocks) {
        using namespace dims;
        using namespace Halide;
        const int lanes = layout.lanes;

        feature(ci, chunk, f, b) = tokens(ci, f % layout.token_tile, chunk, f / layout.token_tile, b);
        product(ci, vi, panel, b) = 0.0f;
        product(ci, vi, panel, b) += feature(k.x, k.y, k.z, b) *
                                     weights(vi * lanes + ci, (k.z * chunks + k.y) * lanes + k.x, panel);
        logits(n, b) = product(n % lanes, n % layout.panel / lanes, n / layout.panel, b) + bias(n);

        largest(b) = -1e30f;
        largest(b) = max(largest(b), logits(label, b));
        exponential(n, b) = exp_nonpositive(logits(n, b) - largest(b));
        total(b) = 0.0f;
        total(b) += exponential(label, b);
        switch (kind) {
        case HeadScores::softmax:
            scores(n, b) = exponential(n, b) / total(b);
            break;
        case HeadScores::sigmoid:
            scores(n, b) = sigmoid(logits(n, b));
            break;
        case HeadScores::identity:
            scores(n, b) = logits(n, b);
            break;
        }
    }
};

}  // namespace vit
