// Preprocessing by a model's plan for the size of the last picture.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "model.h"
#include "preprocess/preprocess_sink.h"

namespace vit {

class PlannedPreprocessing {
public:
    // Preprocessor::run, on the threads of the context.
    Result<void> run(const Model::Impl &model, KernelContext &context, const ImageView &image,
                     float *pixels);
    // Preprocessor::read and decode, likewise: decode(sink) is read_picture or decode_picture, `name` what
    // sentences call the picture.
    Result<void> run(const Model::Impl &model, KernelContext &context, const std::string &name,
                     const std::function<Result<void>(RowSink &)> &decode, float *pixels);

private:
    Result<PreprocessPlan *> plan_for(const Model::Impl &model, int width, int height);

    std::optional<PreprocessPlan> plan_;
    PreprocessSink::Bands bands_;
};

}  // namespace vit
