// A stage at the shape that it is tuned for, with what a case (tests/cases) does not say: what its tasks
// share, and what it is to a pass through the model.
#pragma once

#include <memory>
#include <string>

#include "apps/autotune/device_mirror.h"
#include "runtime/network/geometry.h"
#include "schedules/extent.h"
#include "tests/cases/case.h"

namespace vit::autotune {

struct Problem {
    std::unique_ptr<cases::Case> stage;
    int calls_in_pass = 1;
    Extents extents = {};
    int other_tasks = 1;  // Circumstances::other_tasks
    // Where candidates compute, if not here. Set by who calls.
    std::unique_ptr<DeviceMirror> device = nullptr;

    // What the kernel returned. Throws Halide::Error.
    int call(const CalledKernel &kernel, int copy) {
        return stage->call(device ? device->placing(kernel) : kernel, copy);
    }
};

// The shape that stages are tuned for.
struct Shape {
    Architecture architecture;
    int batch = 1;
    int threads = 1;  // that calls run on, for stages that ask
};

// One for each kind of stage. All data are random, always the same. Throw std::bad_alloc, and
// std::runtime_error for what there is no case of.
enum class LinearRole { qkv,
                        proj,
                        fc1,
                        fc2 };
Problem linear_problem(const Shape &shape, const Layout &blocks, LinearRole role);
Problem linear_fixed_problem(const Shape &shape, const Layout &blocks, LinearRole role,
                             const std::string &precision);
Problem attention_problem(const Shape &shape, const Layout &blocks, bool on_device);
Problem layer_norm_problem(const Shape &shape, const Layout &blocks);
Problem patch_embed_problem(const Shape &shape, const Layout &blocks);
Problem head_problem(const Shape &shape, const Layout &blocks);
Problem preprocess_problem(const Shape &shape, const Layout &blocks);

}  // namespace vit::autotune
