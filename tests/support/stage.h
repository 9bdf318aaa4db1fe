// Stages, compiled in every way there is, behind one kind of function.
//
//     const auto kernel = kernel_of(variant, "linear/qkv");
//     kernel(x, weights, bias, y);   // fails the test if the stage reports an error
//
// Halide's own header stays in stage_in_process.cpp: it is as large as everything else a test includes
// together. Where Halide cannot compile for the machine that runs the test, stage_library_only.cpp stands in
// its place.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/backend/backend.h"
#include "runtime/network/geometry.h"
#include "tests/cases/called_kernel.h"
#include "tests/cases/case.h"
#include "tests/cases/kernel_list.h"

namespace vit::test {

using Params = std::map<std::string, std::string>;

// A way to compile a stage.
struct Variant {
    std::string name;     // part of the test's name
    Layout blocks;        // what the layout generator says for it
    Params params;        // of the generator
    bool checked = true;  // with Halide's assertions and bounds queries
    const Backend *backend = nullptr;  // the library's own, compiled ahead of time; nothing else then counts
    bool on_device = false;
    bool few = false;  // the kernels that devices have for few tokens, in the place of those for many

    friend void PrintTo(const Variant &variant, std::ostream *out) { *out << variant.name; }
};

// With the default schedule: in process, checked and as released.
std::vector<Variant> in_process_defaults();

// The same, and every backend of the library that can run here.
std::vector<Variant> default_variants();

// The same, and the kernels that devices have for few tokens, in the place of those for many.
std::vector<Variant> default_variants_and_few();

// Every combination of the smallest and the largest value that the schedule takes of the stage's tunables,
// in process and checked. Which there are, and how far they go, is asked of the stage's tuning struct.
std::vector<Variant> tuning_corners(const std::string &stage);

// The default schedule on other blocks: each of 4, 8 and 16 lanes with each of 1, 4, 6, 8 and 12 tokens a
// tile and each of 1, 2 and 3 vectors a panel (every pair of them occurs), and blocks of a single value.
std::vector<Variant> other_layouts();

// All of them, in this order.
std::vector<Variant> all_variants(const std::string &stage);

// The variant's kernel of that name in generators/kernels.cmake; its failure is a failure of the test. Its
// buffers are in the host's memory.
CalledKernel kernel_of(const Variant &variant, const std::string &name);

// Of a case in the variant's blocks: what it answers to a call on the first copy of its weights is right.
void expect_right(const Variant &variant, cases::Case &stage);

// Whether the variant has it: all in process have, a backend what was compiled for it.
bool has_kernel(const Variant &variant, const std::string &name);

// Compiles a row of the list in process.
CalledKernel compile(const Variant &variant, const KernelRow &row);

// One for a device copies what it finds to the device, and leaves what it writes there: before, all buffers
// are marked as changed; afterwards, they are copied back and what is on the device is freed.
void before_call(const KernelArguments &arguments);
void after_call(void *user_context, const KernelArguments &arguments);

}  // namespace vit::test
