// The means of ranges of an image's tokens, each of which becomes a feature.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/cases/case.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::cases {

struct TokenRange {
    int first, count;
};

struct PoolShape {
    int tokens, channels, batch;
    std::vector<TokenRange> ranges;
};

class PoolCase : public Case {
public:
    PoolCase(const PoolShape &shape, const Layout &blocks, Operands operands, Random &random);

    std::string kernel() const override { return "pool"; }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override { pooled_.values.set(NAN); }
    std::string judge() override;
    Work work() const override;

private:
    int features() const { return static_cast<int>(shape_.ranges.size()); }
    std::string wrong_pads() const;

    PoolShape shape_;
    Operands operands_;
    std::vector<float> rows_;           // [b][t][c]
    std::vector<std::int32_t> ranges_;  // [first, count] of each
    Tiles x_, pooled_;
};

}  // namespace vit::cases
