#include "runtime/backend/buffer.h"
#include "apps/autotune/operands.h"
#include "apps/autotune/problem.h"
#include "tests/reference/linear.h"

namespace vit::autotune {

namespace {

// Pads are filled like everything else: to a linear layer they are tokens and channels as any.
class LinearProblem : public Problem {
public:
    LinearProblem(const Shape &shape, const Blocks &blocks, LinearRole role)
        : LinearProblem(shape, Geometry(shape.architecture, blocks), role) {}

    int call(const CalledKernel &kernel, int copy) override {
        FloatView<4> x(x_.data(), {blocks_.lanes, blocks_.token_tile, inputs_ / blocks_.lanes, tiles_});
        FloatView<4> y(y_.data(), {blocks_.lanes, blocks_.token_tile, outputs_ / blocks_.lanes, tiles_});
        FloatView<3> weights(weights_.copy(copy), {blocks_.panel, inputs_, outputs_ / blocks_.panel});
        FloatView<1> bias(bias_.data(), {outputs_});
        halide_buffer_t *xs = x, *ys = y, *ws = weights, *bs = bias;
        // The residual stream is added to where it lies.
        return has_residual() ? run(kernel, xs, ws, bs, ys, ys)
                              : run(kernel, xs, ws, bs, ys);
    }

    void reset() override {
        if (has_residual()) {
            std::memcpy(y_.data(), residual_.data(), y_.size() * sizeof(float));
        } else {
            y_.set(unwritten);
        }
    }

    std::string judge() override {
        if (expected_.empty()) {
            expect();
        }
        Verdict verdict("y");
        std::size_t i = 0;
        for (const int t : tokens_) {
            for (int c = 0; c < outputs_; c++, i++) {
                verdict.compare(expected_[i].value, y_[at(blocks_, outputs_, t, c)], expected_[i].tolerance);
            }
        }
        return verdict.text();
    }

private:
    struct Expected {
        double value, tolerance;
    };

    LinearProblem(const Shape &shape, const Geometry &g, LinearRole role)
        : blocks_(g.blocks), role_(role), activation_(shape.architecture.activation),
          tiles_(g.tiles * shape.batch), inputs_(role == LinearRole::fc2    ? g.mlp_width
                                                 : role == LinearRole::proj ? g.attention_width
                                                                            : g.width),
          outputs_(role == LinearRole::qkv   ? 3 * g.attention_width
                   : role == LinearRole::fc1 ? g.mlp_width
                                             : g.width),
          x_(static_cast<std::size_t>(tiles_) * g.blocks.token_tile * inputs_),
          y_(static_cast<std::size_t>(tiles_) * g.blocks.token_tile * outputs_),
          residual_(has_residual() ? y_.size() : 0), bias_(outputs_),
          weights_(static_cast<std::size_t>(inputs_) * outputs_, shape.architecture.depth,
                   1 / std::sqrt(static_cast<float>(inputs_)), random_) {
        random_.fill(x_, 1);
        random_.fill(residual_, 1);
        random_.fill(bias_, 1);
        tokens_ = sampled_tokens(g.tiles, shape.batch, blocks_.token_tile, g.tokens, random_);
        const Architecture &a = shape.architecture;
        generator = "linear";
        params["epilogue"] = has_residual()                        ? "residual"
                             : role == LinearRole::qkv             ? "none"
                             : activation_ == Activation::gelu_erf ? "gelu_erf"
                                                                   : "gelu_tanh";
        copies = weights_.copies();
        calls_in_pass = a.depth;
        const double wide = role == LinearRole::qkv    ? 3.0 * a.width
                            : role == LinearRole::proj ? a.width
                                                       : a.mlp_width;
        flop = 2.0 * shape.batch * a.tokens() * a.width * wide;
        const std::size_t row = inputs_ * sizeof(float);
        extents = {{Of::panels, {outputs_ / blocks_.panel, row * blocks_.panel}},
                   {Of::tiles, {tiles_, row * blocks_.token_tile}}};
    }

    bool has_residual() const { return role_ == LinearRole::proj || role_ == LinearRole::fc2; }

    void expect() {
        const float *weights = weights_.copy(0);
        const int panel = blocks_.panel;
        std::vector<double> sums(panel), magnitudes(panel);
        for (const int t : tokens_) {
            for (int first = 0; first < outputs_; first += panel) {
                std::copy_n(bias_.data() + first, panel, sums.begin());
                std::transform(sums.begin(), sums.end(), magnitudes.begin(),
                               [](double b) { return std::abs(b); });
                const float *row = weights + static_cast<std::size_t>(first) * inputs_;
                for (int k = 0; k < inputs_; k++, row += panel) {
                    const double x = x_[at(blocks_, inputs_, t, k)];
                    for (int c = 0; c < panel; c++) {
                        sums[c] += x * row[c];
                        magnitudes[c] += std::abs(x * row[c]);
                    }
                }
                for (int c = 0; c < panel; c++) {
                    expected_.push_back(after(sums[c], magnitudes[c], t, first + c));
                }
            }
        }
    }

    // GELU's slope is at most 1.13, and either form is known to 8 roundings of its argument.
    Expected after(double z, double magnitude, int t, int c) const {
        const double z_tolerance = sum_error(inputs_ + 2) * magnitude;
        if (role_ == LinearRole::fc1) {
            const double gelu =
                activation_ == Activation::gelu_erf ? reference::gelu_erf(z) : reference::gelu_tanh(z);
            return {gelu, 1.13 * z_tolerance + 8 * roundoff * (std::abs(z) + z_tolerance)};
        }
        if (has_residual()) {
            const double residual = residual_[at(blocks_, outputs_, t, c)];
            return {z + residual, sum_error(inputs_ + 2) * (magnitude + std::abs(residual))};
        }
        return {z, z_tolerance};
    }

    Random random_;
    Blocks blocks_;
    LinearRole role_;
    Activation activation_;
    int tiles_, inputs_, outputs_;
    Floats x_, y_, residual_, bias_;  // [ki, ti, chunk, tile], [ci, ti, chunk, tile], likewise, [c]
    WeightCopies weights_;            // [c in panel, k, panel]
    std::vector<int> tokens_;         // compared
    std::vector<Expected> expected_;  // [c] of each of them
};

}  // namespace

std::unique_ptr<Problem> linear_problem(const Shape &shape, const Blocks &blocks, LinearRole role) {
    return std::make_unique<LinearProblem>(shape, blocks, role);
}

}  // namespace vit::autotune
