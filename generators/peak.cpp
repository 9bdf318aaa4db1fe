#include "generators/peak.h"

#include <optional>

#include "schedules/peak_gpu.h"

namespace vit {

class PeakMultiplyAddsGenerator : public Halide::Generator<PeakMultiplyAddsGenerator> {
public:
    Input<Buffer<float, 1>> summands{"summands"};  // [n]
    Input<float> factor{"factor"};
    Output<Buffer<float, 2>> chains{"chains"};  // [chains_of_item, i]

    void generate() {
        stage.emplace(summands, summands.dim(0).extent(), factor);
        chains = stage->chains;
        chains.dim(0).set_bounds(0, chains_of_item);
    }

    void schedule() { vit::schedule(*stage); }

private:
    std::optional<PeakMultiplyAdds> stage;
};

class PeakCopyGenerator : public Halide::Generator<PeakCopyGenerator> {
public:
    Input<Buffer<float, 1>> from{"from"};  // [i], as many as a multiple of 1024
    Output<Buffer<float, 1>> to{"to"};

    void generate() {
        stage.emplace(from);
        to = stage->to;
        from.dim(0).set_min(0);
        to.dim(0).set_min(0);
    }

    void schedule() { vit::schedule(*stage); }

private:
    std::optional<PeakCopy> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::PeakMultiplyAddsGenerator, peak_multiply_adds)
HALIDE_REGISTER_GENERATOR(vit::PeakCopyGenerator, peak_copy)
