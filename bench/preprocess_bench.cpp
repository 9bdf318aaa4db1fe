// From a picture to a model's pixels: all named architectures take 224 x 224.
#include <vector>

#include "bench/support/answer.h"
#include "runtime/preprocess/preprocess_plan.h"

namespace vit::bench {
namespace {

struct Size {
    const char *name;
    int width, height;
};

constexpr Size sizes[] = {{"640x480", 640, 480}, {"4000x3000", 4000, 3000}};

constexpr std::pair<const char *, Filter> filters[] = {{"bilinear", Filter::bilinear},
                                                       {"bicubic", Filter::bicubic}};

// A picture of one colour keeps it: weights add up to one but for less than a level, whatever the filter.
void run(benchmark::State &state, const Size &size, Filter filter, int threads) {
    constexpr std::uint8_t colour[3] = {200, 100, 50};
    Stage stage(architectures[0], threads);
    Preprocessing preprocessing;
    preprocessing.filter = filter;
    PreprocessPlan plan = value_of(plan_preprocess(preprocessing, size.width, size.height));
    std::vector<std::uint8_t> picture(static_cast<std::size_t>(3) * size.width * size.height);
    for (std::size_t i = 0; i < picture.size(); i++) {
        picture[i] = colour[i % 3];
    }
    const std::size_t channel = static_cast<std::size_t>(plan.width) * plan.height;
    const Memory pixels = constants(3 * channel, 0);
    const ImageView image{picture.data(), size.width, size.height};

    const Work work{0, static_cast<double>(picture.size()) + 4 * 3 * static_cast<double>(channel)};
    const PreprocessKernels kernels = value_of(PreprocessKernels::find(stage.backend));
    measure(state, stage, work,
            [&] { return run_preprocess(kernels, stage.context, plan, image, pixels.data()); });

    for (int c = 0; c < 3; c++) {
        const double mean = preprocessing.mean[c], std = preprocessing.std[c];
        const double exact = (preprocessing.rescale_factor * colour[c] - mean) / std;
        // The rescaled value, the difference and the quotient may each be rounded, below one or relative to
        // what comes out.
        const double tolerance = 2 * test::unit / std + test::quotient_error * std::abs(exact);
        for (std::size_t i = 0; i < channel; i++) {
            expect("a pixel", pixels.data()[c * channel + i], exact, tolerance);
        }
    }
}

const bool registered = [] {
    for (const Size &size : sizes) {
        for (const auto &[name, filter] : filters) {
            add(std::string("preprocess/") + size.name + "/" + name,
                [&size, filter = filter](benchmark::State &state, int threads) {
                    run(state, size, filter, threads);
                });
        }
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
