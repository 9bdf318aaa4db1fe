// The numbers that a schedule leaves open. The type of each says which values are worth trying, and against
// what they are counted: the autotuner and the tests ask it, and know no tunable by its name.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "Halide.h"
#include "generators/layout.h"
#include "schedules/extent.h"

namespace vit {

// What has a number of steps by the blocks alone, as a loop around a register tile does.
enum class Steps { lanes_of_chunk,
                   tokens_of_tile,
                   vectors_of_panel };

// What decides which values are worth trying.
struct Circumstances {
    Layout layout;
    Halide::Target target;
    Extents extents = {};
    int other_tasks = 1;  // by which the number of tasks is multiplied: heads, images
    int threads = 1;
    std::vector<std::size_t> caches = {};  // bytes, of the levels that a core has to itself
};

class Tunable : public Halide::GeneratorParam<int> {
public:
    // A closed range, checked whenever a value is set.
    Tunable(const std::string &name, int value, int its_low, int its_high)
        : GeneratorParam<int>(name, value, its_low, its_high), value_by_default(value), low(its_low),
          high(its_high) {}

    // What the schedule takes where nobody says anything else.
    virtual int default_on(const Layout &, const Halide::Target &) const { return value_by_default; }
    // Empty if the schedule takes the value as it is, else a sentence.
    virtual std::string problem_with(int value, const Layout &layout, const Halide::Target &target) const;
    // Ascending, the default among them.
    virtual std::vector<int> candidates(const Circumstances &circumstances) const = 0;
    // The smallest and the largest that the schedule takes.
    virtual std::vector<int> extremes(const Layout &layout, const Halide::Target &target) const;

protected:
    const int value_by_default, low, high;
};

// A number of any size: all of a short range, else powers of two and their halves again as much.
class Count : public Tunable {
public:
    using Tunable::Tunable;
    std::vector<int> candidates(const Circumstances &circumstances) const override;
};

// Things that one task takes at most: the largest of equal shares of all things, for 1, 2, 3, 4, 6, 8, 12,
// ... tasks; one; and as many as fill half of a cache.
class TaskShare : public Tunable {
public:
    TaskShare(const std::string &name, int value, int its_low, int its_high, Of its_of)
        : Tunable(name, value, its_low, its_high), of(its_of) {}
    // Throws std::logic_error if the circumstances do not say how many things there are.
    std::vector<int> candidates(const Circumstances &circumstances) const override;
    Extent extent(const Circumstances &circumstances) const;

    const Of of;
};

// A number that has to divide some steps, so that none is left over. 0, its value by default, stands for the
// largest divisor up to the one suggested.
class Divisor : public Tunable {
public:
    Divisor(const std::string &name, int its_suggested, int its_high, Steps its_steps)
        : Tunable(name, 0, 0, its_high), suggested(its_suggested), steps(its_steps) {}
    int default_on(const Layout &layout, const Halide::Target &target) const override;
    std::string problem_with(int value, const Layout &layout, const Halide::Target &target) const override;
    std::vector<int> candidates(const Circumstances &circumstances) const override;
    std::vector<int> extremes(const Layout &layout, const Halide::Target &target) const override;

    // The value that a schedule goes by. One that does not divide is an error of the stage's compilation.
    int on(const Layout &layout, const Halide::Target &target) const;

protected:
    virtual int count(const Layout &layout, const Halide::Target &target) const;

private:
    std::string name_of_steps() const;
    std::vector<int> divisors(const Layout &layout, const Halide::Target &target) const;

    const int suggested;
    const Steps steps;
};

// Steps in a row without a branch. Products that are not fused are kept apart by the branch: several steps
// in a row had 16 registers spill, so a machine without fused multiply-adds takes one.
class Unroll : public Divisor {
public:
    using Divisor::Divisor;

protected:
    int count(const Layout &layout, const Halide::Target &target) const override;
};

// The largest number up to `most` that divides n.
int largest_divisor(int n, int most);

}  // namespace vit
