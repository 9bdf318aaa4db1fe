// One network pass over the buffers of a session.
#pragma once

#include <chrono>

#include "backend/buffer.h"
#include "backend/kernel_context.h"
#include "backend/memory.h"
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

    // pixels [batch, channels, image_height, image_width]; logits() and, once fetched, scores() hold the
    // answer until the next call.
    Result<void> run(KernelContext &context, const float *pixels, int batch, StageClock &clock);
    // From memory of the device, pixels as above, to memory of the device, logits [batch, labels]; queued
    // only.
    Result<void> run_on_device(KernelContext &context, std::uint64_t pixels, int batch, std::uint64_t logits,
                               StageClock &clock);
    Result<void> fetch_scores();

    const float *logits(int image) const {
        return logits_here_ + static_cast<std::size_t>(image) * geometry_.labels;
    }
    const float *scores(int image) const {
        return scores_here_ + static_cast<std::size_t>(image) * geometry_.labels;
    }

private:
    // The tokens of each image that a stage computes. The head reads the class token alone, so the last
    // block needs no other, except to attend to.
    enum class Tokens { all,
                        class_token };

    explicit Forward(const Model::Impl &model)
        : arch_(model.architecture), geometry_(model.geometry), weights_(model.weights),
          kernels_(model.kernels), device_(model.device.get()), device_memory_(model.device) {}

    Result<void> reserve(int max_batch);
    Result<void> run_stages(KernelContext &context, const Place &pixels, int batch, StageClock &clock);
    Result<void> patch_embed(const Place &pixels, const Place &x);
    Result<void> layer_norm(const Place &x, const PackedNorm &norm, Tokens tokens, const Place &y);
    // Of the class token, q alone.
    Result<void> linear_qkv(const Place &x, const PackedLinear &layer, Tokens tokens, const Place &y);
    Result<void> attention(const Place &qkv, Tokens queries, const Place &context);
    // qkv is the layer that makes keys and values of x; q has those of the class token.
    Result<void> class_attention(const Place &x, const PackedLinear &qkv, const Place &q,
                                 const Place &context);
    Result<void> linear_proj(const Place &x, const PackedLinear &layer, Tokens tokens,
                             const Place &residual_and_y);
    Result<void> linear_fc1(const Place &x, const PackedLinear &layer, Tokens tokens, const Place &y);
    Result<void> linear_fc2(const Place &x, const PackedLinear &layer, Tokens tokens,
                            const Place &residual_and_y);
    Result<void> head(const Place &x);

    template<typename Call>
    Result<void> stage(const char *name, double flop, Call call);
    // Of the batch.
    double count(Tokens tokens) const;
    // The dimension over the tiles of the batch, in a token matrix of so many channels.
    Dim tiles(Tokens tokens, int channels) const;
    struct LinearViews;
    // Too few for a device, unless k falls into parts (generators/kernels.cmake)?
    bool few(Tokens tokens, int outputs) const;

    const Architecture &arch_;
    const Geometry &geometry_;
    const Weights &weights_;
    const NetworkKernels &kernels_;
    Device *device_;  // null: the processor computes
    Memory memory_;
    DeviceMemory device_memory_;

    Place patches_;  // [ki, ti, chunk, row, channel, tile, b]
    Place x_;        // the residual stream, width
    Place y_;        // normalized, width
    Place qkv_;      // 3 attention_width
    Place context_;  // attention_width
    Place hidden_;   // mlp_width
    Place logits_;   // [n, b]
    Place scores_;   // [n, b]
    // Of a device alone: the picture and what attention lays out for itself.
    Place pixels_, keys_, values_, mixtures_;
    // The answers in the host's memory: logits_ and scores_, or copies of them.
    float *logits_here_ = nullptr, *scores_here_ = nullptr;

    KernelContext *context_of_call_ = nullptr;
    StageClock *clock_ = nullptr;
    int batch_ = 0;
};

}  // namespace vit
