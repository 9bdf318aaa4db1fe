// When and where the classifier is computed.
#pragma once

#include "generators/head.h"
#include "schedules/tunable.h"

namespace vit {

struct HeadTuning {
    // Panels of labels that one task takes.
    TaskShare panels_per_task{"panels_per_task", 8, 1, 256, Of::panels};
};

struct HeadGpuTuning {
    // Panels of labels of a group, each a work item's.
    Count group_panels{"group_panels", 2, 1, 16};
    // Work items that share the labels of an image in its softmax.
    Count items{"label_items", 64, 1, 256};
};

void schedule(Head &stage, Halide::Pipeline pipeline, const HeadTuning &tuning,
              const Halide::Target &target);
void schedule(Head &stage, Halide::Pipeline pipeline, const HeadGpuTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
