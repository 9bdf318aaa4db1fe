// The blocks that a library was compiled for, told by the library: blocks = {lanes, token_tile, panel,
// i16_step}.
#include "generators/layout.h"

#include "generators/dims.h"
#include "schedules/machine.h"

namespace vit {

class LayoutGenerator : public Halide::Generator<LayoutGenerator> {
public:
    LayoutParams layout;
    Output<Buffer<std::int32_t, 1>> blocks{"blocks"};

    void generate() {
        const Layout fixed = layout.resolve(get_target());
        blocks(dims::x) = Halide::mux(dims::x, {fixed.lanes, fixed.token_tile, fixed.panel, fixed.i16_step});
    }

    void schedule() {
    }
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::LayoutGenerator, layout)
