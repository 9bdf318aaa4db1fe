// What a Model is made of.
#pragma once

#include "backend/backend.h"
#include "checkpoint/checkpoint.h"
#include "network/geometry.h"
#include "network/kernels.h"
#include "network/weights.h"

namespace vit {

// The blocks that a backend's matrices lie in. Errors: kernel.
Result<Layout> blocks_of(const Backend &backend, KernelContext &context);

struct Model::Impl {
    Architecture architecture;
    Preprocessing preprocessing;
    std::vector<std::string> labels;
    const Backend *backend;
    BackendInfo backend_info;
    NetworkKernels kernels;
    Geometry geometry;
    std::shared_ptr<Device> device;  // null: the processor computes
    Weights weights;
    std::optional<Accuracy> accuracy = {};  // kept with a packed file
};

}  // namespace vit
