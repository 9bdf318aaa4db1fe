// From a picture to a model's pixels: all named architectures take 224 x 224.
#include "bench/support/stage_bench.h"
#include "tests/cases/preprocess.h"

namespace vit::bench {
namespace {

struct Size {
    const char *name;
    int width, height;
};

constexpr Size sizes[] = {{"640x480", 640, 480}, {"4000x3000", 4000, 3000}};

constexpr std::pair<const char *, Filter> filters[] = {{"bilinear", Filter::bilinear},
                                                       {"bicubic", Filter::bicubic}};

void run(benchmark::State &state, const Size &size, Filter filter, int threads) {
    Stage stage(architectures[0], threads);
    Preprocessing asked;
    asked.filter = filter;
    cases::PreprocessCase preprocess(cases::random_picture(size.width, size.height, stage.random), asked);
    measure(state, stage, preprocess);
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
