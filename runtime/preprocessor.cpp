#include "preprocessor.h"

#include <utility>

#include "picture/image.h"
#include "printable.h"

namespace vit {

namespace {

Result<void> check(const Model::Impl &model, const float *pixels) {
    if (model.architecture.channels != 3) {
        return fail(ErrorCode::unsupported, "pictures have 3 channels and this model takes " +
                                                std::to_string(model.architecture.channels));
    }
    if (!pixels) {
        return fail(ErrorCode::argument, "preprocess: pixels is null");
    }
    return {};
}

}  // namespace

Result<PreprocessPlan *> PlannedPreprocessing::plan_for(const Model::Impl &model, int width, int height) {
    if (!plan_ || !plan_->fits(width, height)) {
        plan_.reset();
        VIT_TRY_ASSIGN(plan_, plan_preprocess(model.preprocessing, width, height));
    }
    // A caller sizes its pixels by the architecture: never write more.
    const Architecture &a = model.architecture;
    if (plan_->width != a.image_width || plan_->height != a.image_height) {
        plan_.reset();
        return fail(ErrorCode::config, "preprocessing makes pixels of another size than the model's");
    }
    return &*plan_;
}

Result<void> PlannedPreprocessing::run(const Model::Impl &model, KernelContext &context,
                                       const ImageView &image, float *pixels) {
    VIT_TRY(check(model, pixels));
    VIT_TRY_ASSIGN(PreprocessPlan *const plan, plan_for(model, image.width, image.height));
    return run_preprocess(model.kernels.preprocess, context, *plan, image, pixels);
}

Result<void> PlannedPreprocessing::run(const Model::Impl &model, KernelContext &context,
                                       const std::string &name,
                                       const std::function<Result<void>(RowSink &)> &decode, float *pixels) {
    // What is no fault of the picture's own decoding does not name it yet.
    const auto of_picture = [&](Error error) {
        error.message = printable(name, 0) + ": " + error.message;
        return tl::unexpected<Error>(std::move(error));
    };
    const auto plan = [&](int width, int height) -> Result<PreprocessPlan *> {
        auto found = plan_for(model, width, height);
        if (!found) return of_picture(std::move(found.error()));
        return found;
    };
    if (auto fit = check(model, pixels); !fit) return of_picture(std::move(fit.error()));
    PreprocessSink sink(model.kernels.preprocess, context, plan, bands_);
    VIT_TRY(decode(sink));
    if (auto done = sink.finish(pixels); !done) return of_picture(std::move(done.error()));
    return {};
}

struct Preprocessor::Impl {
    Impl(std::shared_ptr<const Model::Impl> its_model, int threads, const ParallelFor &parallel_for)
        : model(std::move(its_model)), context(threads, parallel_for) {}

    std::shared_ptr<const Model::Impl> model;
    KernelContext context;
    PlannedPreprocessing preprocessing;
};

Preprocessor::Preprocessor(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
Preprocessor::Preprocessor() noexcept = default;
Preprocessor::Preprocessor(Preprocessor &&) noexcept = default;
Preprocessor &Preprocessor::operator=(Preprocessor &&) noexcept = default;
Preprocessor::~Preprocessor() = default;

Result<Preprocessor> Preprocessor::create(const Model &model, int threads, const ParallelFor &parallel_for) {
    return guarded([&]() -> Result<Preprocessor> {
        if (!model) return empty_object("preprocessor", "model");
        if (threads < 0 || threads > max_threads) {
            return fail(ErrorCode::argument, "threads is " + std::to_string(threads) + ", outside 0 to " +
                                                 std::to_string(max_threads));
        }
        return Preprocessor(std::make_unique<Impl>(model.impl(), threads ? threads : usable_processors(),
                                                   parallel_for));
    });
}

Result<void> Preprocessor::run(const ImageView &image, float *pixels) {
    return guarded([&]() -> Result<void> {
        if (!impl_) return empty_object("run", "preprocessor");
        return impl_->preprocessing.run(*impl_->model, impl_->context, image, pixels);
    });
}

Result<void> Preprocessor::read(const std::string &path, const ImageOptions &options, float *pixels) {
    return guarded([&]() -> Result<void> {
        if (!impl_) return empty_object("read", "preprocessor");
        const auto read = [&](RowSink &sink) { return read_picture(path, options, sink); };
        return impl_->preprocessing.run(*impl_->model, impl_->context, path, read, pixels);
    });
}

Result<void> Preprocessor::decode(const void *bytes, std::size_t size, const std::string &name,
                                  const ImageOptions &options, float *pixels) {
    return guarded([&]() -> Result<void> {
        if (!impl_) return empty_object("decode", "preprocessor");
        const auto decode = [&](RowSink &sink) { return decode_picture(bytes, size, name, options, sink); };
        return impl_->preprocessing.run(*impl_->model, impl_->context, name, decode, pixels);
    });
}

}  // namespace vit
