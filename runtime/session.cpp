#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "network/forward.h"
#include "picture/image.h"
#include "preprocessor.h"

namespace vit {

struct Session::Impl {
    Impl(std::shared_ptr<const Model::Impl> its_model, const SessionOptions &options, int threads,
         Forward its_forward)
        : model(std::move(its_model)),
          context(threads, options.parallel_for, model->device.get(), options.cancelled),
          forward(std::move(its_forward)), max_batch(options.max_batch) {}

    std::shared_ptr<const Model::Impl> model;
    KernelContext context;
    Forward forward;
    StageClock clock;
    int max_batch;
    int last_batch = 0;
    PlannedPreprocessing preprocessing;
    std::vector<float> pixels;  // of a batch, for classify

    // The best labels of `batch` pictures; prepare(b, pixels) is what comes before the forward pass.
    // `answers` gets those of the pictures before the one that an error is of.
    template<typename Prepare>
    Result<void> classify(Session &session, int k, int batch, Prepare prepare,
                          std::vector<std::vector<Prediction>> &answers);
    template<typename Prepare>
    Result<std::vector<Prediction>> classify(Session &session, int k, Prepare prepare);
};

namespace {

Result<void> check_arguments(const std::string &function, bool are_there, int batch, int max_batch) {
    if (!are_there) {
        return fail(ErrorCode::argument, function + ": pixels or logits is null");
    }
    if (batch < 1 || batch > max_batch) {
        return fail(ErrorCode::argument, function + ": a batch of " + std::to_string(batch) +
                                             ", outside 1 to max_batch " + std::to_string(max_batch));
    }
    return {};
}

Result<int> threads_of(const SessionOptions &options) {
    if (options.threads < 0 || options.threads > max_threads) {
        return fail(ErrorCode::argument, "threads is " + std::to_string(options.threads) +
                                             ", outside 0 to " + std::to_string(max_threads));
    }
    if (options.max_batch < 1) {
        return fail(ErrorCode::argument, "max_batch is " + std::to_string(options.max_batch) + ", below 1");
    }
    return options.threads ? options.threads : usable_processors();
}

}  // namespace

template<typename Prepare>
Result<void> Session::Impl::classify(Session &session, int k, int batch, Prepare prepare,
                                     std::vector<std::vector<Prediction>> &answers) {
    const Architecture &a = model->architecture;
    if (k < 1) {
        return fail(ErrorCode::argument, "classify: top_k is " + std::to_string(k) + ", below 1");
    }
    const std::size_t of_picture = static_cast<std::size_t>(a.channels) * a.image_height * a.image_width;
    const std::size_t labels = static_cast<std::size_t>(a.labels);
    pixels.resize(std::max(pixels.size(), of_picture * batch));
    for (int b = 0; b < batch; b++) VIT_TRY(prepare(b, pixels.data() + of_picture * b));
    std::vector<float> logits(labels * batch), scores(labels * batch);
    VIT_TRY(session.forward(pixels.data(), batch, logits.data()));
    VIT_TRY(session.scores(scores.data()));
    for (int b = 0; b < batch; b++) {
        const auto its = logits.begin() + static_cast<std::ptrdiff_t>(labels * b);
        if (!std::all_of(its, its + a.labels, [](float logit) { return std::isfinite(logit); })) {
            return fail(ErrorCode::not_finite, "classify: its logits are not finite");
        }
        answers.push_back(top_k(scores.data() + labels * b, a.labels, k));
        if (answers.back().empty()) return out_of_memory();
    }
    return {};
}

template<typename Prepare>
Result<std::vector<Prediction>> Session::Impl::classify(Session &session, int k, Prepare prepare) {
    std::vector<std::vector<Prediction>> answers;
    VIT_TRY(classify(session, k, 1, [&](int, float *its) { return prepare(its); }, answers));
    return std::move(answers.front());
}

Session::Session(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
Session::Session() noexcept = default;
Session::Session(Session &&) noexcept = default;
Session &Session::operator=(Session &&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::create(const Model &model, const SessionOptions &options) {
    return guarded([&]() -> Result<Session> {
        if (!model) return empty_object("session", "model");
        VIT_TRY_ASSIGN(const int threads, threads_of(options));
        VIT_TRY_ASSIGN(Forward forward, Forward::create(*model.impl(), options.max_batch, threads));
        auto impl = std::make_unique<Impl>(model.impl(), options, threads, std::move(forward));
        VIT_TRY(impl->forward.rehearse(impl->context, options.max_batch));
        impl->forward.touch(impl->context);
        return Session(std::move(impl));
    });
}

// Made, but for what the system has ready only where it is touched: a rehearsal touches little.
Result<std::int64_t> Session::memory(const Model &model, const SessionOptions &options) {
    return guarded([&]() -> Result<std::int64_t> {
        if (!model) return empty_object("memory", "model");
        VIT_TRY_ASSIGN(const int threads, threads_of(options));
        if (model.impl()->device) return Forward::bytes_on_device(*model.impl(), options.max_batch);
        VIT_TRY_ASSIGN(Forward forward, Forward::create(*model.impl(), options.max_batch, threads));
        KernelContext context = KernelContext::as_if_for(threads);
        VIT_TRY(forward.rehearse(context, options.max_batch));
        return static_cast<std::int64_t>(forward.bytes() + threads * context.scratch().bytes());
    });
}

Result<void> Session::preprocess(const ImageView &image, float *pixels) {
    return guarded([&]() -> Result<void> {
        if (!impl_) return empty_object("preprocess", "session");
        return impl_->preprocessing.run(*impl_->model, impl_->context, image, pixels);
    });
}

Result<void> Session::forward(const float *pixels, int batch, float *logits) {
    return guarded([&]() -> Result<void> {
        if (!impl_) return empty_object("forward", "session");
        VIT_TRY(check_arguments("forward", pixels && logits, batch, impl_->max_batch));
        impl_->last_batch = 0;
        VIT_TRY(impl_->forward.run(impl_->context, pixels, batch, impl_->clock));
        impl_->last_batch = batch;
        const int labels = impl_->model->architecture.labels;
        for (int b = 0; b < batch; b++) {
            std::copy_n(impl_->forward.logits(b), labels, logits + static_cast<std::size_t>(b) * labels);
        }
        return {};
    });
}

Result<void> Session::scores(float *scores) const {
    return guarded([&]() -> Result<void> {
        if (!impl_) return empty_object("scores", "session");
        if (!scores || impl_->last_batch == 0) {
            return fail(ErrorCode::argument,
                        scores ? "scores: no forward pass has succeeded yet" : "scores: scores is null");
        }
        VIT_TRY(impl_->forward.fetch_scores());
        const int labels = impl_->model->architecture.labels;
        for (int b = 0; b < impl_->last_batch; b++) {
            float *its = scores + static_cast<std::size_t>(b) * labels;
            const float *logits = impl_->forward.logits(b);
            if (std::all_of(logits, logits + labels, [](float logit) { return std::isfinite(logit); })) {
                std::copy_n(impl_->forward.scores(b), labels, its);
            } else {
                std::fill_n(its, labels, std::numeric_limits<float>::quiet_NaN());
            }
        }
        return {};
    });
}

Result<void> Session::forward_on_device(std::uint64_t pixels, int batch, std::uint64_t logits) {
    return guarded([&]() -> Result<void> {
        if (!impl_) return empty_object("forward_on_device", "session");
        if (!impl_->model->device) {
            return fail(ErrorCode::argument, std::string("forward_on_device: backend ") +
                                                 impl_->model->backend->name + " has no device");
        }
        VIT_TRY(check_arguments("forward_on_device", pixels && logits, batch, impl_->max_batch));
        impl_->last_batch = 0;
        VIT_TRY(impl_->forward.run_on_device(impl_->context, pixels, batch, logits, impl_->clock));
        impl_->last_batch = batch;
        return {};
    });
}

Result<std::vector<Prediction>> Session::classify(const ImageView &image, int k) {
    return guarded([&]() -> Result<std::vector<Prediction>> {
        if (!impl_) return empty_object("classify", "session");
        return impl_->classify(*this, k, [&](float *pixels) { return preprocess(image, pixels); });
    });
}

Result<std::vector<std::vector<Prediction>>> Session::classify(const std::vector<ImageView> &images, int k) {
    return guarded([&]() -> Result<std::vector<std::vector<Prediction>>> {
        if (!impl_) return empty_object("classify", "session");
        std::vector<std::vector<Prediction>> answers;
        answers.reserve(images.size());
        for (std::size_t first = 0; first < images.size(); first = answers.size()) {
            const std::size_t left = images.size() - first;
            const int batch = static_cast<int>(std::min<std::size_t>(left, max_batch()));
            std::optional<std::size_t> at;  // whose error it is
            const auto prepare = [&](int b, float *pixels) {
                auto done = preprocess(images[first + b], pixels);
                if (!done) at = first + b;
                return done;
            };
            auto done = impl_->classify(*this, k, batch, prepare, answers);
            if (done) continue;
            Error &error = done.error();
            if (error.code == ErrorCode::not_finite) at = answers.size();
            if (at && error.code != ErrorCode::memory) {
                error.message = "picture " + std::to_string(*at) + ": " + error.message;
            }
            return tl::unexpected<Error>(std::move(error));
        }
        return answers;
    });
}

Result<std::vector<Prediction>> Session::classify_file(const std::string &path, int k,
                                                       const ImageOptions &options) {
    return guarded([&]() -> Result<std::vector<Prediction>> {
        if (!impl_) return empty_object("classify_file", "session");
        const auto read = [&](RowSink &sink) { return read_picture(path, options, sink); };
        return impl_->classify(*this, k, [&](float *pixels) {
            return impl_->preprocessing.run(*impl_->model, impl_->context, path, read, pixels);
        });
    });
}

int Session::threads() const {
    return impl_ ? impl_->context.pool().threads() : 0;
}

int Session::max_batch() const {
    return impl_ ? impl_->max_batch : 0;
}

std::vector<StageTime> Session::stage_times() noexcept {
    return guarded_value([&] { return impl_ ? impl_->clock.take() : std::vector<StageTime>(); });
}

}  // namespace vit
