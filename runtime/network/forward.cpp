#include "network/forward.h"

#include "network/pass.h"

namespace vit {

Result<Forward> Forward::create(const Model::Impl &model, int max_batch) {
    Forward forward(model);
    VIT_TRY_ASSIGN(forward.activations_,
                   Activations::allocate(model.architecture, model.geometry, model.device, max_batch));
    forward.logits_ = forward.activations_.logits.as<float>();
    forward.scores_ = forward.activations_.scores.as<float>();
    if (model.device) {
        const std::size_t labels = static_cast<std::size_t>(max_batch) * model.geometry.labels;
        VIT_TRY_ASSIGN(forward.copies_, Memory::of_floats(2 * labels));
        forward.logits_ = forward.copies_.data();
        forward.scores_ = forward.copies_.data() + labels;
    }
    return forward;
}

std::size_t Forward::pixels_of(int batch) const {
    const Architecture &a = model_.architecture;
    return static_cast<std::size_t>(batch) * a.channels * a.image_height * a.image_width;
}

Result<void> Forward::pass(KernelContext &context, const Place &pixels, int batch, StageClock &clock) {
    batch_ = batch;
    return Pass(model_.architecture, model_.geometry, model_.kernels, model_.weights, activations_,
                model_.device.get(), batch, context, clock)
        .run(pixels);
}

Result<void> Forward::run(KernelContext &context, const float *pixels, int batch, StageClock &clock) {
    Device *device = model_.device.get();
    if (!device) {
        return pass(context, pixels, batch, clock);
    }
    VIT_TRY(device->upload(pixels, pixels_of(batch), activations_.pixels));
    VIT_TRY(pass(context, activations_.pixels, batch, clock));
    return device->download(activations_.logits, static_cast<std::size_t>(batch) * stride_, logits_);
}

Result<void> Forward::run_on_device(KernelContext &context, std::uint64_t pixels, int batch,
                                    std::uint64_t logits, StageClock &clock) {
    Device *device = model_.device.get();
    const int labels = model_.architecture.labels;
    VIT_TRY_ASSIGN(const Place from, device->wrap(pixels, pixels_of(batch)));
    Result<Place> to = device->wrap(logits, static_cast<std::size_t>(batch) * labels);
    Result<void> done;
    if (to) {
        done = pass(context, from, batch, clock);
        if (done) {
            done = device->copy(activations_.logits, stride_, *to, labels, labels, batch);
        }
        device->unwrap(*to);
    } else {
        done = tl::unexpected<Error>(to.error());
    }
    device->unwrap(from);
    return done;
}

Result<void> Forward::fetch_scores() {
    if (!model_.device) {
        return {};
    }
    return model_.device->download(activations_.scores, static_cast<std::size_t>(batch_) * stride_, scores_);
}

}  // namespace vit
