// One network pass over the buffers of a session.
#pragma once

#include <chrono>

#include "buffer.h"
#include "kernel_context.h"
#include "memory.h"
#include "model.h"

namespace vit {

// Adds up what the calls of each kind of stage took, in the order in which they first ran.
class StageClock {
public:
    bool running = false;
    std::vector<StageTime> times;

    void add(const char *name, double milliseconds, double flop);
};

// The activations of max_batch images and the stages that fill them. All token matrices are tiles [ci, ti,
// chunk, tile, b].
class Forward {
public:
    // Errors: memory, argument (buffers too large to be indexed).
    static Result<Forward> create(const Model::Impl &model, int max_batch);

    // pixels [batch, channels, image_height, image_width]; logits() and scores() hold the answer until the
    // next call.
    Result<void> run(KernelContext &context, const float *pixels, int batch, StageClock &clock);

    const float *logits(int image) const {
        return logits_ + static_cast<std::size_t>(image) * geometry_.labels;
    }
    const float *scores(int image) const {
        return scores_ + static_cast<std::size_t>(image) * geometry_.labels;
    }

private:
    // The tokens of each image that a stage computes. The head reads the class token alone, so the last
    // block needs no other, except as keys and values.
    enum class Tokens { all,
                        class_token };

    Forward(const Model::Impl &model, Memory memory)
        : arch_(model.architecture), geometry_(model.geometry), weights_(model.weights),
          kernels_(*model.backend->kernels), memory_(std::move(memory)) {}

    Result<void> patch_embed(const float *pixels, float *x);
    Result<void> layer_norm(const float *x, const PackedNorm &norm, Tokens tokens, float *y);
    // Keys and values are those of all tokens.
    Result<void> linear_qkv(const float *x, const PackedLinear &layer, Tokens queries, float *y);
    Result<void> attention(const float *qkv, Tokens queries, float *context);
    Result<void> linear_proj(const float *x, const PackedLinear &layer, Tokens tokens,
                             float *residual_and_y);
    Result<void> linear_fc1(const float *x, const PackedLinear &layer, Tokens tokens, float *y);
    Result<void> linear_fc2(const float *x, const PackedLinear &layer, Tokens tokens, float *residual_and_y);
    Result<void> head(const float *x);

    template<typename Call>
    Result<void> stage(const char *name, double flop, Call call);
    // Of the batch.
    double count(Tokens tokens) const;
    // The dimension over the tiles of the batch, in a token matrix of so many channels.
    Dim tiles(Tokens tokens, int channels) const;
    struct LinearViews;

    const Architecture &arch_;
    const Geometry &geometry_;
    const Weights &weights_;
    const Kernels &kernels_;
    Memory memory_;

    float *patches_;  // [ki, ti, chunk, row, channel, tile, b]
    float *x_;        // the residual stream, width
    float *y_;        // normalized, width
    float *qkv_;      // 3 attention_width
    float *context_;  // attention_width
    float *hidden_;   // mlp_width
    float *logits_;   // [n, b]
    float *scores_;   // [n, b]

    KernelContext *context_of_call_ = nullptr;
    StageClock *clock_ = nullptr;
    int batch_ = 0;
};

}  // namespace vit
