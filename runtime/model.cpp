#include "model.h"

#include <filesystem>

#include "backend/buffer.h"
#include "checkpoint/packed_model.h"
#include "checkpoint/random_checkpoint.h"

namespace vit {

namespace {

Result<std::shared_ptr<Model::Impl>> pack(const Checkpoint &checkpoint, const Backend &backend,
                                          const ModelOptions &options) {
    install_halide_handlers();
    KernelContext context(options.threads ? options.threads : usable_processors());
    const Precision precision = options.precision.value_or(Precision::f32);
    VIT_TRY_ASSIGN(const Layout blocks, blocks_of(backend, context));
    const Geometry geometry(checkpoint.architecture, blocks, precision);
    VIT_TRY_ASSIGN(const NetworkKernels kernels,
                   NetworkKernels::find(backend, checkpoint.architecture, precision));
    VIT_TRY_ASSIGN(const PackKernels pack_kernels, PackKernels::find(backend, precision));
    VIT_TRY_ASSIGN(Weights weights, Weights::pack(checkpoint, geometry, pack_kernels, context));
    return std::make_shared<Model::Impl>(Model::Impl{checkpoint.architecture, checkpoint.preprocessing,
                                                     checkpoint.labels, &backend, describe(backend),
                                                     kernels, geometry, nullptr, std::move(weights)});
}

// To the device, if the backend has one; what was packed needs the host's memory no longer.
Result<std::shared_ptr<const Model::Impl>> place(std::shared_ptr<Model::Impl> model,
                                                 const ModelOptions &options) {
    const Backend &backend = *model->backend;
    if (backend.device_api) {
        VIT_TRY_ASSIGN(model->device, Device::open(*backend.device_api, backend.device, options.device,
                                                   options.handles));
        VIT_TRY(model->weights.move_to(model->device, model->architecture, model->geometry));
    }
    return model;
}

Result<void> check(const ModelOptions &options) {
    if (options.threads < 0 || options.threads > max_threads) {
        return fail(ErrorCode::argument, "threads is " + std::to_string(options.threads) +
                                             ", outside 0 to " + std::to_string(max_threads));
    }
    return {};
}

Result<const Backend *> backend_of(const ModelOptions &options) {
    VIT_TRY(check(options));
    VIT_TRY_ASSIGN(const Backend *backend, choose_backend(options.backend));
    if (!backend->device_api && options.device < 0) {
        return fail(ErrorCode::argument, "device is " + std::to_string(options.device) + ", and backend " +
                                             backend->name + " has none");
    }
    return backend;
}

}  // namespace

Result<Layout> blocks_of(const Backend &backend, KernelContext &context) {
    std::int32_t blocks[4] = {};
    BufferView<1> buffer(blocks, halide_type_of<std::int32_t>(), {4});
    VIT_TRY_ASSIGN(const Kernel layout, backend.kernel("layout"));
    VIT_TRY(context.check("layout", layout(&context, buffer)));
    return Layout{blocks[0], blocks[1], blocks[2], blocks[3]};
}

Model::Model(std::shared_ptr<const Impl> impl)
    : impl_(std::move(impl)) {}
Model::Model(Model &&) noexcept = default;
Model &Model::operator=(Model &&) noexcept = default;
Model::~Model() = default;

Result<Model> Model::load(const std::string &path, const ModelOptions &options) {
    return guarded([&]() -> Result<Model> {
        VIT_TRY_ASSIGN(const Backend *backend, backend_of(options));
        std::error_code error;
        if (std::filesystem::is_regular_file(path, error)) {
            VIT_TRY_ASSIGN(std::shared_ptr<Impl> packed, read_packed(path, *backend, options));
            VIT_TRY_ASSIGN(std::shared_ptr<const Impl> impl, place(std::move(packed), options));
            return Model(std::move(impl));
        }
        VIT_TRY_ASSIGN(const Checkpoint checkpoint, read_checkpoint(path));
        VIT_TRY_ASSIGN(std::shared_ptr<Impl> packed, pack(checkpoint, *backend, options));
        VIT_TRY_ASSIGN(std::shared_ptr<const Impl> impl, place(std::move(packed), options));
        return Model(std::move(impl));
    });
}

Result<Model> Model::random(const Architecture &architecture, std::uint64_t seed,
                            const ModelOptions &options) {
    return guarded([&]() -> Result<Model> {
        VIT_TRY_ASSIGN(const Backend *backend, backend_of(options));
        VIT_TRY_ASSIGN(const Checkpoint checkpoint, random_checkpoint(architecture, seed));
        VIT_TRY_ASSIGN(std::shared_ptr<Impl> packed, pack(checkpoint, *backend, options));
        VIT_TRY_ASSIGN(std::shared_ptr<const Impl> impl, place(std::move(packed), options));
        return Model(std::move(impl));
    });
}

Result<void> Model::save_packed(const std::string &file, const std::optional<Accuracy> &accuracy) const {
    return guarded([&] { return write_packed(*impl_, file, accuracy); });
}

const Architecture &Model::architecture() const {
    return impl_->architecture;
}

const std::string &Model::label(int index) const {
    static const std::string none;
    return index >= 0 && index < static_cast<int>(impl_->labels.size()) ? impl_->labels[index] : none;
}

const BackendInfo &Model::backend() const {
    return impl_->backend_info;
}

Precision Model::precision() const {
    return impl_->geometry.precision;
}

const std::optional<Accuracy> &Model::accuracy() const {
    return impl_->accuracy;
}

ImageOptions Model::draft(ImageOptions options) const {
    const Preprocessing &p = impl_->preprocessing;
    options.draft_width = options.draft_height = 0;
    if (p.resize != Resize::none) {
        const bool by_edge = p.resize == Resize::shortest_edge;
        options.draft_width = by_edge ? p.shortest_edge : p.width;
        options.draft_height = by_edge ? p.shortest_edge : p.height;
    }
    return options;
}

}  // namespace vit
