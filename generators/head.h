// The classifier on the class token (the paper's eq. 4, then its linear head), and what the logits mean:
//   feature(c, b) = LN(z_L)(c, class token of image b)
//   logits(n, b)  = sum_c feature(c, b) W(c, n) + bias(n)
//   softmax   scores(n, b) = exp(logits(n, b) - max_n logits) / sum_n exp(logits(n, b) - max_n logits)
//   sigmoid   scores(n, b) = 1 / (1 + exp(-logits(n, b)))
//   identity  scores(n, b) = logits(n, b)
#pragma once

#include "generators/activation.h"
#include "generators/dims.h"
#include "generators/layer_norm.h"
#include "generators/layout.h"

namespace vit {

enum class HeadScores { softmax,
                        sigmoid,
                        identity };

struct Head {
    Halide::Func class_token{"class_token"};  // [ci, ti, chunk, b], one token a tile
    LayerNorm norm;
    Halide::Func feature{"feature"};  // [ci, chunk, b]
    Halide::Func product{"product"};  // [ci, vi, panel, b]
    Halide::Func logits{"logits"};    // [n, b]
    Halide::Func largest{"largest"};  // [b]
    Halide::Func exponential{"exponential"};  // [n, b]
    Halide::Func total{"total"};      // [b]
    Halide::Func scores{"scores"};    // [n, b]
    Halide::Var n{"n"};               // label
    Halide::RDom k;                   // [c in chunk, chunk]
    Halide::RDom label;               // [n]
    HeadScores kind;
    Layout layout;

    // z [ci, ti, chunk, tile, b], gamma and beta [c], weights [n in panel, c, panel], bias [n].
    Head(Halide::Func z, Halide::Func gamma, Halide::Func beta, Halide::Func weights, Halide::Func bias,
         Halide::Expr channels, Halide::Expr chunks, Halide::Expr labels, Halide::Expr epsilon,
         HeadScores kind, Layout layout)
        : class_token(first_token(z)), norm(class_token, gamma, beta, channels, chunks, epsilon, layout),
          k(0, layout.lanes, 0, chunks, "k"), label(0, labels, "label"), kind(kind), layout(layout) {
        using namespace dims;
        using namespace Halide;
        const int lanes = layout.lanes;

        feature(ci, chunk, b) = norm.normalized(ci, 0, chunk, b);
        product(ci, vi, panel, b) = 0.0f;
        product(ci, vi, panel, b) +=
            feature(k.x, k.y, b) * weights(vi * lanes + ci, k.y * lanes + k.x, panel);
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

private:
    static Halide::Func first_token(Halide::Func z) {
        using namespace dims;
        Halide::Func token("class_token");
        token(ci, ti, chunk, b) = z(ci, ti, chunk, 0, b);
        return token;
    }
};

}  // namespace vit
