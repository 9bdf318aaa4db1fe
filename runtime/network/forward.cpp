#include "network/forward.h"

#include <algorithm>
#include <mutex>

#include "network/pass.h"

namespace vit {

namespace {

// Tokens that are enough for the weights, which each pass reads from memory, to cost nothing: fewer of
// ViT-B/32, whose images have 50, took up to a quarter more time for each, more of any model up to a tenth,
// since they fit into no cache.
constexpr int enough_tokens = 192;

}  // namespace

Forward::Forward(const Model::Impl &model)
    : model_(model), stride_(model.geometry.labels),
      images_of_pass_(Geometry::divide_up(enough_tokens, model.geometry.tokens)) {}

Result<Forward> Forward::create(const Model::Impl &model, int max_batch, int threads) {
    Forward forward(model);
    const bool on_device = model.device != nullptr;
    const std::int64_t at_a_time = std::int64_t{threads} * forward.images_of_pass_;
    const int images =
        on_device ? max_batch : static_cast<int>(std::min<std::int64_t>(max_batch, at_a_time));
    VIT_TRY_ASSIGN(forward.activations_, ActivationMemory::allocate(model.architecture, model.geometry,
                                                                    model.device, images, max_batch));
    forward.clocks_.resize(on_device ? 0 : threads);
    forward.logits_ = forward.activations_.places.logits.as<float>();
    forward.scores_ = forward.activations_.places.scores.as<float>();
    if (on_device) {
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

// Which number of pictures takes most depends on how they are cut into tasks: for all threads together as
// long as there is not a pass for each, and then for one, with any number left over for the last pass.
Result<void> Forward::rehearse(KernelContext &context, int max_batch) {
    if (model_.device) return {};
    const int most = static_cast<int>(
        std::min<std::int64_t>(max_batch, std::int64_t{context.threads() + 1} * images_of_pass_ - 1));
    VIT_TRY_ASSIGN(const Memory pixels, Memory::of_floats(pixels_of(most)));
    const KernelContext::Rehearsal rehearsal(context);
    StageClock clock;
    for (int batch = 1; batch <= most; batch++) {
        VIT_TRY(run(context, pixels.data(), batch, clock));
    }
    return {};
}

void Forward::touch(KernelContext &context) const {
    struct Parts {
        Scratch &scratch;
        std::byte *data;
        std::size_t bytes;
        int count;
    } parts{context.scratch(), activations_.memory.data<std::byte>(), activations_.memory.bytes(),
            context.threads()};
    const auto touch_part = [](void *, int i, std::uint8_t *closure) {
        const Parts &its = *reinterpret_cast<Parts *>(closure);
        const std::size_t part = its.bytes / its.count, at = i * part;
        its.scratch.touch(i);
        touch_pages(its.data + at, i + 1 < its.count ? part : its.bytes - at);
        return 0;
    };
    context.parallel_for(touch_part, nullptr, 0, parts.count, reinterpret_cast<std::uint8_t *>(&parts));
}

Result<std::int64_t> Forward::bytes_on_device(const Model::Impl &model, int max_batch) {
    VIT_TRY_ASSIGN(const std::size_t floats, ActivationMemory::floats(model.architecture, model.geometry,
                                                                      true, max_batch, max_batch));
    const std::size_t copied = std::size_t{2} * max_batch * model.geometry.labels;
    return static_cast<std::int64_t>((floats + copied) * sizeof(float));
}

Result<void> Forward::pass(KernelContext &context, const Activations &activations, const Place &pixels,
                           int images, StageClock &clock) const {
    return Pass(model_.architecture, model_.geometry, model_.kernels, model_.weights, activations,
                model_.device.get(), images, context, clock)
        .run(pixels);
}

// Of 8 images on two threads of Zen 5, ViT-Ti/16 took 8 to 12 % less time than with each stage divided among
// the threads, ViT-B/16 2 to 7 %: no thread waits for another between stages, and what a stage leaves is
// still in the thread's own cache for the next. With another process on one of the two processors it was a
// third less, of ViT-Ti/16.
Result<void> Forward::passes(KernelContext &context, const float *pixels, int batch, StageClock &clock) {
    for (StageClock &its : clocks_) {
        its.restart_as(clock);
    }
    std::mutex mutex;
    Result<void> done;
    auto one = [&](int index) {
        const int thread = ThreadPool::thread_index(), first = index * images_of_pass_;
        const int images = std::min(images_of_pass_, batch - first);
        const Activations its =
            activations_.places.from(thread * images_of_pass_, first, model_.geometry);
        Result<void> result = guarded(
            [&] { return pass(context, its, pixels + pixels_of(first), images, clocks_[thread]); });
        if (!result) {
            const std::lock_guard lock(mutex);
            if (done) done = std::move(result);
        }
    };
    const auto task = [](void *, int index, std::uint8_t *closure) {
        (*reinterpret_cast<decltype(one) *>(closure))(index);
        return 0;
    };
    const int count = Geometry::divide_up(batch, images_of_pass_);
    if (context.parallel_for_loops(task, nullptr, 0, count, reinterpret_cast<std::uint8_t *>(&one)) != 0) {
        return out_of_memory();
    }
    for (const StageClock &its : clocks_) {
        clock.add_share(its, context.threads());
    }
    return done;
}

Result<void> Forward::run(KernelContext &context, const float *pixels, int batch, StageClock &clock) {
    batch_ = batch;
    Device *device = model_.device.get();
    if (!device) {
        const bool enough = batch >= context.threads() * images_of_pass_;
        return enough ? passes(context, pixels, batch, clock)
                      : pass(context, activations_.places, pixels, batch, clock);
    }
    VIT_TRY(device->upload(pixels, pixels_of(batch), activations_.places.pixels));
    VIT_TRY(pass(context, activations_.places, activations_.places.pixels, batch, clock));
    return device->download(activations_.places.logits, static_cast<std::size_t>(batch) * stride_, logits_);
}

Result<void> Forward::run_on_device(KernelContext &context, std::uint64_t pixels, int batch,
                                    std::uint64_t logits, StageClock &clock) {
    Device *device = model_.device.get();
    const int labels = model_.architecture.labels;
    VIT_TRY_ASSIGN(const Place from, device->wrap(pixels, pixels_of(batch)));
    Result<Place> to = device->wrap(logits, static_cast<std::size_t>(batch) * labels);
    Result<void> done;
    if (to) {
        batch_ = batch;
        done = pass(context, activations_.places, from, batch, clock);
        if (done) {
            done = device->copy(activations_.places.logits, stride_, *to, labels, labels, batch);
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
    return model_.device->download(activations_.places.scores, static_cast<std::size_t>(batch_) * stride_,
                                   scores_);
}

}  // namespace vit
