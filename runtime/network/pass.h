// One pass of a batch through the network: the paper's equations 1 to 8 as a list of stages.
#pragma once

#include "backend/kernel_context.h"
#include "network/activations.h"
#include "network/kernels.h"
#include "network/stage_clock.h"
#include "network/weights.h"

namespace vit {

// Borrows everything.
class Pass {
public:
    Pass(const Architecture &architecture, const Geometry &geometry, const NetworkKernels &kernels,
         const NetworkPlaces &weights, const Activations &activations, Device *device, int batch,
         KernelContext &context, StageClock &clock);

    // pixels [x, y, channel, b] -> logits and scores of the activations; in a rehearsal, a little of each
    // stage. Errors: kernel.
    Result<void> run(const Place &pixels);

private:
    // The tokens of each image that a stage computes: all, or those of the first tile.
    enum class Tokens { all,
                        first_tile };
    // Which outputs of a layer are made, and where they go.
    struct Outputs {
        int of_layer;    // the first so many, whole panels
        int channels;    // that y gets
        int of_y;        // channels of a token of y
        bool residual = false;  // added to what is there
        Groups quantized = {};  // that y is made in, where the next layer reads it in fixed point
    };

    bool is_as_before(const PackedBlock &block) const;
    const Place &context_of(const PackedBlock &block) const;
    Result<void> patch_embed(const Place &pixels, const Place &x);
    Result<void> norm(const Place &x, const PackedNorm &norm, Tokens tokens, const Place &y,
                      Precision precision = Precision::f32);
    Result<void> attend(const PackedBlock &block, Tokens seen);
    Result<void> linear(const char *name, const LinearKernels &kernels, const Place &x,
                        const PackedLinear &layer, Tokens tokens, const Place &y, const Outputs &outputs,
                        double multiplications_of_token);
    Result<void> attention(const Place &qkv, Tokens queries, const Place &context, Precision precision);
    // Of each token that the classifier reads, without keys and values; q has theirs.
    Result<void> class_attention(const Place &x, const PackedLinear &qkv, const Place &q, int token,
                                 const Place &context);
    Result<void> classify(const Place &x);
    Result<void> pool(const Place &x, const Place &pooled);
    Result<void> head(const Place &features, int tiles);

    template<typename Call>
    Result<void> stage(const char *name, double flop, Call call);
    Dim tiles(Tokens tokens, int channels) const;
    Dim tiles_of(Tokens tokens, std::int64_t tile) const;
    using FixedView = View<5>;  // [ci, ti, chunk, group, tile]
    FixedView fixed(const Place &place, const Groups &groups, Tokens tokens) const;
    double count(Tokens tokens) const;
    bool few(Tokens tokens, int outputs) const;

    const Architecture &a_;
    const Geometry &g_;
    const NetworkKernels &kernels_;
    const NetworkPlaces &weights_;
    const Activations &its_;
    Device *device_;  // null: the processor computes
    const int batch_;
    KernelContext &context_;
    StageClock &clock_;
    const int lanes_, token_tile_, panel_;
    const Tokens read_;  // of the last block
};

}  // namespace vit
