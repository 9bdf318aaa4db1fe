// Forward passes over the buffers of a session: what goes to a device and comes back, round each pass.
#pragma once

#include "model.h"
#include "network/activations.h"
#include "network/stage_clock.h"

namespace vit {

class Forward {
public:
    // For a pool of at most so many threads. Errors: as ActivationMemory::allocate.
    static Result<Forward> create(const Model::Impl &model, int max_batch, int threads);

    // Leaves nothing to allocate to the passes of up to max_batch pictures, the one that it was created for,
    // of a processor: makes the context's scratch as large as any of them takes it. Errors: memory, kernel.
    Result<void> rehearse(KernelContext &context, int max_batch);
    // Has the system make all memory ready, in the threads that will use it.
    void touch(KernelContext &context) const;
    // Of its memory; with a context's scratch, all that a session has for passes.
    std::size_t bytes() const { return activations_.memory.bytes() + copies_.bytes(); }
    // What a forward pass would take of a device's memory and the processor's. Errors: as create.
    static Result<std::int64_t> bytes_on_device(const Model::Impl &model, int max_batch);

    // pixels [batch, channels, image_height, image_width]; logits() and, once fetched, scores() hold the
    // answer until the next call.
    Result<void> run(KernelContext &context, const float *pixels, int batch, StageClock &clock);
    // From memory of the device, pixels as above, to memory of the device, logits [batch, labels]; queued
    // only.
    Result<void> run_on_device(KernelContext &context, std::uint64_t pixels, int batch, std::uint64_t logits,
                               StageClock &clock);
    Result<void> fetch_scores();

    const float *logits(int image) const { return logits_ + static_cast<std::size_t>(image) * stride_; }
    const float *scores(int image) const { return scores_ + static_cast<std::size_t>(image) * stride_; }

private:
    explicit Forward(const Model::Impl &model);

    // A pass of some images, from pixels to the answers of `activations`.
    Result<void> pass(KernelContext &context, const Activations &activations, const Place &pixels,
                      int images, StageClock &clock) const;
    // In passes of images_of_pass_ images, each by a thread of its own.
    Result<void> passes(KernelContext &context, const float *pixels, int batch, StageClock &clock);
    std::size_t pixels_of(int batch) const;

    const Model::Impl &model_;
    const int stride_;  // labels of an image, padded
    const int images_of_pass_;
    ActivationMemory activations_;
    std::vector<StageClock> clocks_;  // of each thread
    // The answers in the host's memory: those of the activations, or copies of them.
    Memory copies_;
    float *logits_ = nullptr, *scores_ = nullptr;
    int batch_ = 0;  // of the last pass
};

}  // namespace vit
