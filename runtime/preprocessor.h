// Preprocessing by a model's plan for the size of the last picture.
#pragma once

#include <optional>

#include "model.h"

namespace vit {

class PlannedPreprocessing {
public:
    // Preprocessor::run, on the threads of the context.
    Result<void> run(const Model::Impl &model, KernelContext &context, const ImageView &image,
                     float *pixels);

private:
    std::optional<PreprocessPlan> plan_;
};

}  // namespace vit
