#include "runtime/backend/buffer.h"
#include "apps/autotune/norm_reference.h"
#include "apps/autotune/operands.h"
#include "apps/autotune/problem.h"

namespace vit::autotune {

namespace {

class LayerNormProblem : public Problem {
public:
    LayerNormProblem(const Shape &shape, const Geometry &g)
        : blocks_(g.blocks), width_(g.width), channels_(shape.architecture.width),
          tiles_(g.tiles * shape.batch), epsilon_(shape.architecture.layer_norm_epsilon),
          x_(static_cast<std::size_t>(tiles_) * blocks_.token_tile * width_), y_(x_.size()), gamma_(width_),
          beta_(width_) {
        Random random;
        for (int t = 0; t < tiles_ * blocks_.token_tile; t++) {
            for (int c = 0; c < channels_; c++) {
                x_[at(blocks_, width_, t, c)] = random.value(1);
            }
        }
        for (int c = 0; c < channels_; c++) {
            gamma_[c] = 1 + random.value(0.1f);
            beta_[c] = random.value(0.1f);
        }
        for (const int t : sampled_tokens(g.tiles, shape.batch, blocks_.token_tile, g.tokens, random)) {
            std::vector<double> x;
            for (int c = 0; c < channels_; c++) {
                x.push_back(x_[at(blocks_, width_, t, c)]);
            }
            tokens_.push_back(t);
            expected_.push_back(normalize(x, gamma_.data(), beta_.data(), epsilon_));
        }
        generator = "layer_norm";
        calls_in_pass = 2 * shape.architecture.depth;
        flop = 7.0 * shape.batch * g.tokens * channels_;
        extents = {
            {Of::tiles, {tiles_, std::size_t(2) * width_ * blocks_.token_tile * sizeof(float)}}};
    }

    int call(const CalledKernel &kernel, int) override {
        const int chunks = width_ / blocks_.lanes;
        FloatView<4> x(x_.data(), {blocks_.lanes, blocks_.token_tile, chunks, tiles_});
        FloatView<4> y(y_.data(), {blocks_.lanes, blocks_.token_tile, chunks, tiles_});
        FloatView<1> gamma(gamma_.data(), {width_}), beta(beta_.data(), {width_});
        halide_buffer_t *xs = x, *ys = y, *gammas = gamma, *betas = beta;
        return run(kernel, xs, gammas, betas, channels_, epsilon_, ys);
    }

    void reset() override { y_.set(unwritten); }

    std::string judge() override {
        Verdict verdict("normalized");
        for (std::size_t i = 0; i < tokens_.size(); i++) {
            for (int c = 0; c < channels_; c++) {
                verdict.compare(expected_[i].values[c], y_[at(blocks_, width_, tokens_[i], c)],
                                expected_[i].tolerances[c]);
            }
        }
        return verdict.text();
    }

private:
    Blocks blocks_;
    int width_, channels_, tiles_;  // padded, not padded, of all images
    float epsilon_;
    Floats x_, y_, gamma_, beta_;
    std::vector<int> tokens_;
    std::vector<Normalized> expected_;  // of each of them
};

}  // namespace

std::unique_ptr<Problem> layer_norm_problem(const Shape &shape, const Blocks &blocks) {
    return std::make_unique<LayerNormProblem>(shape, Geometry(shape.architecture, blocks));
}

}  // namespace vit::autotune
