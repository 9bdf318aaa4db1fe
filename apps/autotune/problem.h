// A stage at one shape: its operands, how it is called, and what it has to answer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/network/geometry.h"
#include "apps/autotune/device_mirror.h"
#include "apps/autotune/values.h"
#include "schedules/extent.h"
#include "tests/cases/called_kernel.h"

namespace vit::autotune {

class Problem {
public:
    virtual ~Problem() = default;

    // Runs a compiled candidate on one copy of the weights; what Halide returned. Throws Halide::Error.
    virtual int call(const CalledKernel &kernel, int copy) = 0;
    // Sets the outputs to what no candidate answers, and what is both read and written to its first value.
    virtual void reset() = 0;
    // Compares the outputs of one call after reset with the reference. Empty if they are right, else what is
    // wrong.
    virtual std::string judge() = 0;

    std::string generator;                  // that compiles the stage, with
    GeneratorParams params;                 // these fixed parameters
    int copies = 1;                         // of the weights, as many as a pass through the model finds cold
    int calls_in_pass = 1;                  // through the model
    double flop = 0;                        // of a call, of true tokens and channels
    Extents extents;                        // of what tasks share
    int other_tasks = 1;                    // Circumstances::other_tasks
    int threads = 1;                        // that calls run on, for stages that ask; set by who calls
    std::unique_ptr<DeviceMirror> device;   // where candidates compute, if not here; set by who calls

protected:
    template<typename... Arguments>
    int run(const CalledKernel &kernel, Arguments &&...arguments) {
        if (device) {
            (device->place(Kernel::value_of(arguments)), ...);
        }
        return kernel(arguments...);
    }
};

// The shape that stages are tuned for.
struct Shape {
    Architecture architecture;
    int batch = 1;
};

// One for each kind of stage. All data are random, always the same. Throw std::bad_alloc.
enum class LinearRole { qkv,
                        proj,
                        fc1,
                        fc2 };
std::unique_ptr<Problem> linear_problem(const Shape &shape, const Blocks &blocks, LinearRole role);
std::unique_ptr<Problem> attention_problem(const Shape &shape, const Blocks &blocks, bool on_device);
std::unique_ptr<Problem> layer_norm_problem(const Shape &shape, const Blocks &blocks);
std::unique_ptr<Problem> patch_embed_problem(const Shape &shape, const Blocks &blocks);
std::unique_ptr<Problem> head_problem(const Shape &shape, const Blocks &blocks);
std::unique_ptr<Problem> preprocess_problem(const Shape &shape, const Blocks &blocks);

}  // namespace vit::autotune
