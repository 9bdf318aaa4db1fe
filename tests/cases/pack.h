// A checkpoint's matrix packed into panels, with pads between its rows and columns; and a matrix of tokens
// packed into tiles. Both are exact.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/cases/case.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::cases {

using IndexMap = std::vector<std::int32_t>;  // -1: a pad

struct PackShape {
    int inputs, outputs;
    int layers = 1;  // that a model has: every call reads and writes another
};

class PackPanelsCase : public Case {
public:
    // The matrix is of the type that generators/kernels.cmake says of the kernel. rows and columns are
    // indices into it; a whole number of panels and of chunks. Rows are scaled by `scale`, its double and
    // its fourfold in turn.
    PackPanelsCase(const PackShape &shape, const Layout &blocks, std::string kernel, float scale,
                   IndexMap rows, IndexMap columns, Random &random);

    // All of `count` with pads between groups of `size` (as a head's channels are), and up to whole blocks.
    static IndexMap map_of(int count, int size, int block);

    std::string kernel() const override { return kernel_; }
    int copies() const override { return memory_.count(); }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override;
    std::string judge() override { return judge_copy(last_); }
    Work work() const override;

private:
    std::string judge_copy(int copy);
    float *panels(int copy) { return memory_.copy(copy) + source_; }

    PackShape shape_;
    std::string kernel_;
    halide_type_t type_;
    IndexMap rows_, columns_;
    std::vector<float> scales_;  // of rows
    Panels in_panels_;
    std::size_t source_;         // floats that the matrix may take
    ColdCopies memory_;          // the matrix in its type, then the panels
    std::vector<float> values_;  // of the matrix, [outputs][inputs]
    int last_ = 0;               // copy that was called with
};

class PackTilesCase : public Case {
public:
    PackTilesCase(int channels, int tokens, const Layout &blocks, Random &random);

    std::string kernel() const override { return "pack_tiles"; }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override { packed_.values.set(NAN); }
    std::string judge() override;
    Work work() const override;

private:
    std::vector<float> rows_;  // [t][c]
    Tiles packed_;
};

}  // namespace vit::cases
