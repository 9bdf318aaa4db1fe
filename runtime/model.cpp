#include "model.h"

#include <algorithm>
#include <filesystem>

#include "backend/buffer.h"
#include "checkpoint/packed_model.h"
#include "checkpoint/random_checkpoint.h"
#include "printable.h"
#include "progress.h"

namespace vit {

namespace {

// Reading and checking a checkpoint takes about as long as packing it.
constexpr double half = 0.5;

Result<std::shared_ptr<Model::Impl>> pack(const Checkpoint &checkpoint, const Backend &backend,
                                          const ModelOptions &options) {
    install_halide_handlers();
    KernelContext context(options.threads ? options.threads : usable_processors(), options.parallel_for);
    const Precision precision = options.precision.value_or(Precision::f32);
    VIT_TRY_ASSIGN(const Layout blocks, blocks_of(backend, context));
    const Geometry geometry(checkpoint.architecture, blocks, precision);
    VIT_TRY_ASSIGN(const NetworkKernels kernels,
                   NetworkKernels::find(backend, checkpoint.architecture, precision));
    VIT_TRY_ASSIGN(const PackKernels pack_kernels, PackKernels::find(backend, precision));
    VIT_TRY_ASSIGN(Weights weights, Weights::pack(checkpoint, geometry, pack_kernels, context,
                                                  ProgressPart(options.progress, half, 1)));
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
    VIT_TRY(tell(options.progress, 1));
    return model;
}

Result<std::shared_ptr<const Model::Impl>> pack_and_place(const Checkpoint &checkpoint,
                                                          const Backend &backend,
                                                          const ModelOptions &options) {
    VIT_TRY_ASSIGN(std::shared_ptr<Model::Impl> packed, pack(checkpoint, backend, options));
    return place(std::move(packed), options);
}

ProgressPart reading(const ModelOptions &options) { return ProgressPart(options.progress, 0, half); }

Result<void> check(const std::vector<NamedBytes> &files) {
    if (files.empty()) return fail(ErrorCode::argument, "load_bytes: there are no files");
    for (const NamedBytes &file : files) {
        const auto same = [&](const NamedBytes &other) { return other.name == file.name; };
        if (!file.data && file.size > 0) {
            return fail(ErrorCode::argument, printable_path(file.name) + ": data is null");
        }
        if (std::count_if(files.begin(), files.end(), same) > 1) {
            return fail(ErrorCode::argument, printable_path(file.name) + ": is there twice");
        }
    }
    return {};
}

// The only file, if it is packed or is called as no file of a checkpoint. Null otherwise.
const NamedBytes *packed_file(const std::vector<NamedBytes> &files) {
    if (files.size() != 1) return nullptr;
    const NamedBytes &file = files.front();
    const bool is_of_checkpoint = file.name.ends_with(".json") || file.name.ends_with(".safetensors");
    const Bytes bytes(static_cast<const std::byte *>(file.data), file.size);
    return is_packed(bytes) || !is_of_checkpoint ? &file : nullptr;
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
    VIT_TRY(tell(options.progress, 0));
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

Result<Model> Model::load(const std::string &path, const ModelOptions &options) {
    return guarded([&]() -> Result<Model> {
        VIT_TRY_ASSIGN(const Backend *backend, backend_of(options));
        std::error_code error;
        if (std::filesystem::is_regular_file(path, error)) {
            VIT_TRY_ASSIGN(PackedFile file, PackedFile::open(path));
            VIT_TRY_ASSIGN(std::shared_ptr<Impl> packed,
                           read_packed(std::move(file), path, *backend, options));
            VIT_TRY_ASSIGN(std::shared_ptr<const Impl> impl, place(std::move(packed), options));
            return Model(std::move(impl));
        }
        VIT_TRY_ASSIGN(const Checkpoint checkpoint, read_checkpoint(path, reading(options)));
        VIT_TRY_ASSIGN(std::shared_ptr<const Impl> impl, pack_and_place(checkpoint, *backend, options));
        return Model(std::move(impl));
    });
}

Result<Model> Model::load_bytes(const std::vector<NamedBytes> &files, const ModelOptions &options,
                                const std::string &name) {
    return guarded([&]() -> Result<Model> {
        VIT_TRY(check(files));
        VIT_TRY_ASSIGN(const Backend *backend, backend_of(options));
        if (const NamedBytes *file = packed_file(files)) {
            const Bytes bytes(static_cast<const std::byte *>(file->data), file->size);
            VIT_TRY_ASSIGN(std::shared_ptr<Impl> packed,
                           read_packed(PackedFile::in_memory(bytes), file->name, *backend, options));
            VIT_TRY_ASSIGN(std::shared_ptr<const Impl> impl, place(std::move(packed), options));
            return Model(std::move(impl));
        }
        VIT_TRY_ASSIGN(const Checkpoint checkpoint,
                       read_checkpoint(MemoryFiles(files, name), name, reading(options)));
        VIT_TRY_ASSIGN(std::shared_ptr<const Impl> impl, pack_and_place(checkpoint, *backend, options));
        return Model(std::move(impl));
    });
}

Result<Model> Model::random(const Architecture &architecture, std::uint64_t seed,
                            const ModelOptions &options) {
    return guarded([&]() -> Result<Model> {
        VIT_TRY_ASSIGN(const Backend *backend, backend_of(options));
        VIT_TRY_ASSIGN(const Checkpoint checkpoint,
                       random_checkpoint(architecture, seed, reading(options)));
        VIT_TRY_ASSIGN(std::shared_ptr<const Impl> impl, pack_and_place(checkpoint, *backend, options));
        return Model(std::move(impl));
    });
}

Result<void> Model::save_packed(const std::string &file, const std::optional<Accuracy> &accuracy) const {
    return guarded([&]() -> Result<void> {
        if (!impl_) return empty_object("save_packed", "model");
        return write_packed(*impl_, file, accuracy);
    });
}

const Architecture &Model::architecture() const {
    static const Architecture none{.name = {}, .labels = 0, .prefix = {}, .pooling = {.features = {}}};
    return impl_ ? impl_->architecture : none;
}

const std::string &Model::label(int index) const {
    static const std::string none;
    const bool is_there = impl_ && index >= 0 && index < static_cast<int>(impl_->labels.size());
    return is_there ? impl_->labels[index] : none;
}

const BackendInfo &Model::backend() const {
    static const BackendInfo none{};
    return impl_ ? impl_->backend_info : none;
}

Precision Model::precision() const {
    return impl_ ? impl_->geometry.precision : Precision::f32;
}

const std::optional<Accuracy> &Model::accuracy() const {
    static const std::optional<Accuracy> none;
    return impl_ ? impl_->accuracy : none;
}

ImageOptions Model::draft(ImageOptions options) const {
    options.draft_width = options.draft_height = 0;
    if (!impl_) return options;
    const Preprocessing &p = impl_->preprocessing;
    if (p.resize != Resize::none) {
        const bool by_edge = p.resize == Resize::shortest_edge;
        options.draft_width = by_edge ? p.shortest_edge : p.width;
        options.draft_height = by_edge ? p.shortest_edge : p.height;
    }
    return options;
}

}  // namespace vit
