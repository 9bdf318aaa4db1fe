#include "preprocessor.h"

#include <new>
#include <system_error>

namespace vit {

Result<void> PlannedPreprocessing::run(const Model::Impl &model, KernelContext &context,
                                       const ImageView &image, float *pixels) {
    const Architecture &a = model.architecture;
    if (a.channels != 3) {
        return fail(ErrorCode::unsupported, "pictures have 3 channels and this model takes " +
                                                std::to_string(a.channels));
    }
    if (!pixels) {
        return fail(ErrorCode::argument, "preprocess: pixels is null");
    }
    try {
        if (!plan_ || !plan_->fits(image.width, image.height)) {
            plan_.reset();
            VIT_TRY_ASSIGN(plan_, plan_preprocess(model.preprocessing, image.width, image.height));
        }
        // A caller sizes its pixels by the architecture: never write more.
        if (plan_->width != a.image_width || plan_->height != a.image_height) {
            plan_.reset();
            return fail(ErrorCode::config, "preprocessing makes pixels of another size than the model's");
        }
        return run_preprocess(model.kernels.preprocess, context, *plan_, image, pixels);
    } catch (const std::bad_alloc &) {
        return fail(ErrorCode::memory, "preprocess: out of memory");
    }
}

struct Preprocessor::Impl {
    Impl(std::shared_ptr<const Model::Impl> model, int threads)
        : model(std::move(model)), context(threads) {}

    std::shared_ptr<const Model::Impl> model;
    KernelContext context;
    PlannedPreprocessing preprocessing;
};

Preprocessor::Preprocessor(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
Preprocessor::Preprocessor(Preprocessor &&) noexcept = default;
Preprocessor &Preprocessor::operator=(Preprocessor &&) noexcept = default;
Preprocessor::~Preprocessor() = default;

Result<Preprocessor> Preprocessor::create(const Model &model, int threads) {
    if (threads < 0 || threads > max_threads) {
        return fail(ErrorCode::argument, "threads is " + std::to_string(threads) + ", outside 0 to " +
                                             std::to_string(max_threads));
    }
    try {
        return Preprocessor(std::make_unique<Impl>(model.impl(), threads ? threads : usable_processors()));
    } catch (const std::bad_alloc &) {
        return fail(ErrorCode::memory, "preprocessor: out of memory");
    } catch (const std::system_error &e) {
        return fail(ErrorCode::memory, std::string("preprocessor: cannot start a thread: ") + e.what());
    }
}

Result<void> Preprocessor::run(const ImageView &image, float *pixels) {
    return impl_->preprocessing.run(*impl_->model, impl_->context, image, pixels);
}

}  // namespace vit
