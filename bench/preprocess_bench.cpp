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

constexpr std::pair<const char *, cases::Passes> passes[] = {
    {"along_rows", cases::Passes::along_rows}, {"along_columns", cases::Passes::along_columns}};

void run(benchmark::State &state, const Size &size, Filter filter, cases::Passes order, int threads) {
    Stage stage(architectures[0], threads);
    Preprocessing asked;
    asked.filter = filter;
    cases::PreprocessCase preprocess(
        order, cases::random_picture(size.width, size.height, stage.random), asked);
    measure(state, stage, preprocess);
}

const bool registered = [] {
    for (const Size &size : sizes) {
        for (const auto &[name, filter] : filters) {
            for (const auto &[pass_name, pass] : passes) {
                add(std::string("preprocess/") + size.name + "/" + name + "/" + pass_name,
                    [&size, filter = filter, pass = pass](benchmark::State &state, int threads) {
                        run(state, size, filter, pass, threads);
                    });
            }
        }
    }
    return true;
}();

}  // namespace
}  // namespace vit::bench
