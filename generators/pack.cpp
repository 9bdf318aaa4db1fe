#include "generators/pack.h"

#include <optional>

#include "generators/bounds.h"
#include "schedules/machine.h"
#include "schedules/pack.h"

namespace vit {

class PackPanelsGenerator : public Halide::Generator<PackPanelsGenerator> {
public:
    LayoutParams layout;
    PackTuning tuning;

    Input<Buffer<void, 2>> weight{"weight"};  // [k, c]: set weight.type to float32, float16 or bfloat16
    Input<Buffer<std::int32_t, 1>> rows{"rows"};        // [c]
    Input<Buffer<std::int32_t, 1>> columns{"columns"};  // [k]
    Input<Buffer<float, 1>> scales{"scales"};           // [c]
    Output<Buffer<float, 3>> panels{"panels"};  // [c in panel, k, panel]

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(weight, rows, columns, weight.dim(0).extent(), weight.dim(1).extent(), scales, blocks);
        panels = stage->panels;
        weight.dim(0).set_min(0);
        weight.dim(1).set_min(0);
        rows.dim(0).set_min(0);
        columns.dim(0).set_min(0);
        scales.dim(0).set_min(0);
        bound_panels(panels, blocks);
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<PackPanels> stage;
};

class RoundPanelsGenerator : public Halide::Generator<RoundPanelsGenerator> {
public:
    GeneratorParam<std::string> precision{"precision", "f16"};
    LayoutParams layout;
    PackTuning tuning;

    Input<Buffer<float, 3>> panels{"panels"};    // [c in panel, k, panel]
    Output<Buffer<void, 3>> rounded{"rounded"};  // likewise

    void configure() {
        rounded.set_type(stored_type_of(half_named(precision)));
    }

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(panels, half_named(precision));
        rounded = stage->rounded;
        bound_panels(panels, blocks);
        bound_panels(rounded, blocks);
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<RoundPanels> stage;
};

class PackTilesGenerator : public Halide::Generator<PackTilesGenerator> {
public:
    LayoutParams layout;
    PackTuning tuning;

    Input<Buffer<float, 2>> matrix{"matrix"};  // [c, t]
    Output<Buffer<float, 4>> tiles{"tiles"};   // [ci, ti, chunk, tile]

    void generate() {
        const Layout blocks = layout.resolve(get_target());
        stage.emplace(matrix, matrix.dim(0).extent(), matrix.dim(1).extent(), blocks);
        tiles = stage->tiles;
        matrix.dim(0).set_min(0);
        matrix.dim(1).set_min(0);
        bound_tiles(tiles, blocks);
    }

    void schedule() {
        vit::schedule(*stage, get_pipeline(), tuning, get_target());
    }

private:
    std::optional<PackTiles> stage;
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::PackPanelsGenerator, pack_panels)
HALIDE_REGISTER_GENERATOR(vit::RoundPanelsGenerator, round_panels)
HALIDE_REGISTER_GENERATOR(vit::PackTilesGenerator, pack_tiles)
