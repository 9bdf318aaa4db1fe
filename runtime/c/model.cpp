#include "c/model.h"

#include "checkpoint/architecture_json.h"

using namespace vit;
using namespace vit::c;

namespace {

// An app's options, and what they point to in the words of vit.h, during a call.
class Options {
public:
    Options() = default;
    Options(const Options &) = delete;
    Options &operator=(const Options &) = delete;

    Result<const ModelOptions *> read(const vit_model_options *given) {
        VIT_TRY_ASSIGN(const vit_model_options o, sized(given, "vit_model_options"));
        VIT_TRY_ASSIGN(const int precision,
                       number_of(o.precision, 0, 1 + std::size(precision_names), "precision"));
        VIT_TRY(number_of(o.reserved, 0, 1, "vit_model_options.reserved"));
        if (o.backend) its_.backend = o.backend;
        its_.device = o.device;
        its_.handles = {o.device_context, o.device_queue};
        its_.threads = o.threads;
        if (precision) its_.precision = static_cast<Precision>(precision - 1);
        its_.verify = !o.no_verify;
        its_.map = !o.no_map;
        its_.parallel_for = parallel_for_of(o.parallel_for);
        progress_ = o.progress;
        if (progress_.report) its_.progress = {report, &progress_};
        return &its_;
    }

private:
    ModelOptions its_;
    vit_progress progress_{};

    static bool report(void *context, double done) {
        const auto &progress = *static_cast<const vit_progress *>(context);
        return progress.report(progress.context, done) != 0;
    }
};

Result<std::unique_ptr<vit_model>> handle(Model model) {
    std::string architecture = architecture_text(model.architecture());
    BackendInfo backend = model.backend();
    return std::unique_ptr<vit_model>(
        new vit_model{std::move(model), std::move(architecture), c::Backend(std::move(backend))});
}

}  // namespace

vit_model *vit_model_load(const char *path, const vit_model_options *options, vit_error **error) {
    return handle_of<vit_model>(error, [&]() -> Result<std::unique_ptr<vit_model>> {
        Options its;
        VIT_TRY_ASSIGN(const std::string from, text_of(path, "path"));
        VIT_TRY_ASSIGN(const ModelOptions *const as, its.read(options));
        VIT_TRY_ASSIGN(Model model, Model::load(from, *as));
        return handle(std::move(model));
    });
}

vit_model *vit_model_load_bytes(const vit_named_bytes *files, size_t count, const vit_model_options *options,
                                const char *name, vit_error **error) {
    return handle_of<vit_model>(error, [&]() -> Result<std::unique_ptr<vit_model>> {
        Options its;
        if (count != 0) VIT_TRY(there(files, "files"));
        std::vector<NamedBytes> named;
        for (size_t i = 0; i < count; i++) {
            VIT_TRY_ASSIGN(std::string of_file, text_of(files[i].name, "the name of a file"));
            named.push_back({std::move(of_file), files[i].data, files[i].size});
        }
        VIT_TRY_ASSIGN(const ModelOptions *const as, its.read(options));
        VIT_TRY_ASSIGN(Model model, Model::load_bytes(named, *as, name ? name : "model"));
        return handle(std::move(model));
    });
}

vit_model *vit_model_random(const char *architecture, uint64_t seed, const vit_model_options *options,
                            vit_error **error) {
    return handle_of<vit_model>(error, [&]() -> Result<std::unique_ptr<vit_model>> {
        Options its;
        VIT_TRY(there(architecture, "architecture"));
        VIT_TRY_ASSIGN(const ModelOptions *const as, its.read(options));
        VIT_TRY_ASSIGN(const Architecture a, read_architecture_text(architecture));
        VIT_TRY_ASSIGN(Model model, Model::random(a, seed, *as));
        return handle(std::move(model));
    });
}

vit_model *vit_model_copy(const vit_model *model, vit_error **error) {
    return handle_of<vit_model>(error, [&]() -> Result<std::unique_ptr<vit_model>> {
        VIT_TRY(there(model, "model"));
        return handle(model->its);
    });
}

void vit_model_free(vit_model *model) {
    delete model;
}

vit_code vit_model_save_packed(const vit_model *model, const char *file, const vit_accuracy *accuracy,
                               vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        VIT_TRY_ASSIGN(const std::string to, text_of(file, "file"));
        std::optional<Accuracy> kept;
        if (accuracy) {
            VIT_TRY_ASSIGN(const vit_accuracy a, sized(accuracy, "vit_accuracy"));
            kept = {a.pictures, a.agreeing, a.lowest_cosine, a.mean_cosine, a.largest_difference};
        }
        return with(model, [&](const Model &its) { return its.save_packed(to, kept); });
    });
}

const char *vit_model_architecture(const vit_model *model) {
    return model ? model->architecture.c_str() : "{}";
}

int32_t vit_model_image_height(const vit_model *model) {
    return model ? model->its.architecture().image_height : 0;
}

int32_t vit_model_image_width(const vit_model *model) {
    return model ? model->its.architecture().image_width : 0;
}

int32_t vit_model_channels(const vit_model *model) {
    return model ? model->its.architecture().channels : 0;
}

int32_t vit_model_labels(const vit_model *model) {
    return model ? model->its.architecture().labels : 0;
}

const char *vit_model_label(const vit_model *model, int32_t index) {
    return model ? model->its.label(index).c_str() : "";
}

const vit_backend *vit_model_backend(const vit_model *model) {
    return model ? &model->backend.seen() : nullptr;
}

vit_precision vit_model_precision(const vit_model *model) {
    return model ? static_cast<vit_precision>(model->its.precision()) + 1 : VIT_PRECISION_UNSET;
}

int32_t vit_model_has_accuracy(const vit_model *model) {
    return model && model->its.accuracy();
}

vit_code vit_model_accuracy(const vit_model *model, vit_accuracy *accuracy, vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        VIT_TRY(there(model, "model"));
        if (!model->its.accuracy()) {
            return fail(ErrorCode::argument, "accuracy: none was kept with the model");
        }
        const Accuracy &a = *model->its.accuracy();
        return fill(accuracy,
                    {0, a.pictures, a.agreeing, a.lowest_cosine, a.mean_cosine, a.largest_difference},
                    "vit_accuracy");
    });
}

vit_code vit_model_draft(const vit_model *model, int32_t *width, int32_t *height, vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        VIT_TRY(there(model, "model"));
        VIT_TRY(there(width, "width"));
        VIT_TRY(there(height, "height"));
        const ImageOptions options = model->its.draft();
        *width = options.draft_width;
        *height = options.draft_height;
        return {};
    });
}
