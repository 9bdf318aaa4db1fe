// Decoded rows -> the network's input. Where rows come first they go into the first pass a band at a time,
// while they are in cache, and the picture is never whole in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "backend/kernel_context.h"
#include "picture/whole_picture.h"
#include "preprocess/preprocess_plan.h"

namespace vit {

class PreprocessSink : public RowSink {
public:
    // Memory that is kept from picture to picture.
    struct Bands {
        std::vector<std::uint8_t> samples, rgb;  // a byte and [row, x, channel]; [row, x, c]
    };
    // The plan for an upright picture of width x height pixels, which has to last until finish().
    using PlanFor = std::function<Result<PreprocessPlan *>(int width, int height)>;

    PreprocessSink(const PreprocessKernels &kernels, KernelContext &context, PlanFor plan_for, Bands &bands)
        : kernels_(kernels), context_(context), plan_for_(std::move(plan_for)), bands_(bands) {}

    // Errors: of the plan; kernel.
    Result<std::int64_t> begin(int width, int height, int channels, bool at_once) override;
    Room room() override;
    Result<void> take(int count) override;
    Result<void> take_all(Samples samples) override;

    // After the last row -> pixels, float32 [3, plan's height, plan's width]. Errors: memory, kernel.
    Result<void> finish(float *pixels);

private:
    Result<void> first_pass(const std::uint8_t *samples, int count);
    Result<void> first_pass_of_rgb(const std::uint8_t *rgb, int count);
    int rows_of_band(int channels) const;
    bool is_mirrored() const { return orientation == 2 || orientation == 3; }     // x runs to the left
    bool is_bottom_up() const { return orientation == 3 || orientation == 4; }  // y runs upwards

    const PreprocessKernels &kernels_;
    KernelContext &context_;
    const PlanFor plan_for_;
    Bands &bands_;
    PreprocessPlan *plan_ = nullptr;
    bool by_rows_ = false;
    WholePicture whole_;  // otherwise
    int width_ = 0, height_ = 0, channels_ = 0;
    int band_rows_ = 0, rows_in_band_ = 0;
    int rows_done_ = 0;  // by the first pass
};

}  // namespace vit
