#include "runtime/backend/buffer.h"
#include "apps/autotune/operands.h"
#include "apps/autotune/problem.h"

namespace vit::autotune {

namespace {

class PatchEmbedProblem : public Problem {
public:
    PatchEmbedProblem(const Shape &shape, const Geometry &g)
        : g_(g), a_(shape.architecture), prefix_(g.tokens - a_.patches()), batch_(shape.batch),
          pixels_(static_cast<std::size_t>(a_.image_width) * a_.image_height * a_.channels * batch_),
          weights_(static_cast<std::size_t>(g.patch_values) * g.width, 16,
                   1 / std::sqrt(static_cast<float>(g.patch_values)), random_),
          origin_(g.token_matrix(g.width)), patches_(g.token_matrix(g.patch_values) * batch_),
          embedded_(g.token_matrix(g.width) * batch_) {
        random_.fill(pixels_, 1);
        random_.fill(origin_, 1);
        tokens_ = sampled_tokens(g.tiles, batch_, g.blocks.token_tile, g.tokens, random_);
        if (prefix_ > 0) {
            tokens_.push_back(0);
        }
        generator = "patch_embed";
        copies = weights_.copies();
        flop = 2.0 * batch_ * a_.patches() * a_.channels * a_.patch_height * a_.patch_width * a_.width;
        extents = {{Of::panels,
                    {g.panels(g.width), std::size_t(g.patch_values) * g.blocks.panel * sizeof(float)}}};
        other_tasks = batch_;
    }

    int call(const CalledKernel &kernel, int copy) override {
        const auto [lanes, token_tile, panel] = g_.blocks;
        const int chunks = g_.chunks(g_.width);
        FloatView<4> pixels(pixels_.data(), {a_.image_width, a_.image_height, a_.channels, batch_});
        FloatView<3> weights(weights_.copy(copy), {panel, g_.patch_values, g_.panels(g_.width)});
        FloatView<4> origin(origin_.data(), {lanes, token_tile, chunks, g_.tiles});
        FloatView<7> patches(patches_.data(), {lanes, token_tile, g_.patch_chunks, a_.patch_height,
                                               a_.channels, g_.tiles, batch_});
        FloatView<5> embedded(embedded_.data(), {lanes, token_tile, chunks, g_.tiles, batch_});
        halide_buffer_t *ps = pixels, *ws = weights, *os = origin, *cut = patches, *out = embedded;
        return run(kernel, ps, ws, os, prefix_, a_.patch_width, a_.patch_height, cut, out);
    }

    void reset() override {
        patches_.set(unwritten);
        embedded_.set(unwritten);
    }

    std::string judge() override {
        if (expected_.empty()) {
            expect();
        }
        Verdict verdict("embedded");
        std::size_t i = 0;
        for (const int t : tokens_) {
            for (int c = 0; c < g_.width; c++, i++) {
                verdict.compare(expected_[i], embedded_[at(g_.blocks, g_.width, t, c)], tolerances_[i]);
            }
        }
        return verdict.text();
    }

private:
    // A patch's values in the order of the weights' k. The columns that pad its rows repeat its last one.
    std::vector<double> patch(int image, int index) const {
        const int across = a_.image_width / a_.patch_width, lanes = g_.blocks.lanes;
        std::vector<double> values;
        for (int c = 0; c < a_.channels; c++) {
            for (int row = 0; row < a_.patch_height; row++) {
                for (int col = 0; col < g_.patch_chunks * lanes; col++) {
                    const int x = index % across * a_.patch_width + std::min(col, a_.patch_width - 1);
                    const int y = index / across * a_.patch_height + row;
                    values.push_back(
                        pixels_[((static_cast<std::size_t>(image) * a_.channels + c) * a_.image_height + y) *
                                    a_.image_width +
                                x]);
                }
            }
        }
        return values;
    }

    void expect() {
        const int tokens_of_image = g_.tiles * g_.blocks.token_tile, panel = g_.blocks.panel;
        for (const int token : tokens_) {
            const int image = token / tokens_of_image, t = token % tokens_of_image;
            const std::vector<double> values =
                t >= prefix_ ? patch(image, t - prefix_) : std::vector<double>();
            for (int c = 0; c < g_.width; c++) {
                double sum = origin_[at(g_.blocks, g_.width, t, c)], magnitude = std::abs(sum);
                const float *w = weights_.copy(0) +
                                 static_cast<std::size_t>(c / panel) * g_.patch_values * panel + c % panel;
                for (std::size_t k = 0; k < values.size(); k++) {
                    sum += values[k] * w[k * panel];
                    magnitude += std::abs(values[k] * w[k * panel]);
                }
                expected_.push_back(sum);
                tolerances_.push_back(sum_error(g_.patch_values + 1) * magnitude);
            }
        }
    }

    Random random_;
    Geometry g_;
    Architecture a_;
    int prefix_, batch_;  // tokens before the patches; images
    Floats pixels_;         // [x, y, channel, b]
    WeightCopies weights_;  // [c in panel, k, panel], cold: the whole model passes between two calls
    Floats origin_;         // [ci, ti, chunk, tile]
    Floats patches_, embedded_;
    std::vector<int> tokens_;
    std::vector<double> expected_, tolerances_;  // [c] of each of them
};

}  // namespace

std::unique_ptr<Problem> patch_embed_problem(const Shape &shape, const Blocks &blocks) {
    return std::make_unique<PatchEmbedProblem>(shape, Geometry(shape.architecture, blocks));
}

}  // namespace vit::autotune
