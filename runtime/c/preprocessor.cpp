#include "c/model.h"

using namespace vit;
using namespace vit::c;

struct vit_preprocessor {
    Preprocessor its;
};

vit_preprocessor *vit_preprocessor_new(const vit_model *model, const vit_preprocessor_options *options,
                                       vit_error **error) {
    return handle_of<vit_preprocessor>(error, [&]() -> Result<std::unique_ptr<vit_preprocessor>> {
        VIT_TRY_ASSIGN(const vit_preprocessor_options o, sized(options, "vit_preprocessor_options"));
        VIT_TRY(number_of(o.reserved, 0, 1, "vit_preprocessor_options.reserved"));
        VIT_TRY_ASSIGN(Preprocessor made, with(model, [&](const Model &its) {
            return Preprocessor::create(its, o.threads, parallel_for_of(o.parallel_for));
        }));
        return std::unique_ptr<vit_preprocessor>(new vit_preprocessor{std::move(made)});
    });
}

void vit_preprocessor_free(vit_preprocessor *preprocessor) {
    delete preprocessor;
}

vit_code vit_preprocessor_run(vit_preprocessor *preprocessor, const vit_image_view *image, float *pixels,
                              vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        VIT_TRY_ASSIGN(const ImageView view, view_of(image));
        return with(preprocessor, [&](Preprocessor &its) { return its.run(view, pixels); });
    });
}

vit_code vit_preprocessor_read(vit_preprocessor *preprocessor, const char *path,
                               const vit_image_options *options, float *pixels, vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        VIT_TRY_ASSIGN(const std::string from, text_of(path, "path"));
        VIT_TRY_ASSIGN(const ImageOptions as, options_of(options));
        return with(preprocessor, [&](Preprocessor &its) { return its.read(from, as, pixels); });
    });
}

vit_code vit_preprocessor_decode(vit_preprocessor *preprocessor, const void *bytes, size_t size,
                                 const char *name, const vit_image_options *options, float *pixels,
                                 vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        const std::string named = name ? name : "image";
        VIT_TRY_ASSIGN(const ImageOptions as, options_of(options));
        return with(preprocessor,
                    [&](Preprocessor &its) { return its.decode(bytes, size, named, as, pixels); });
    });
}
