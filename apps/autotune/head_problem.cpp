#include "runtime/backend/buffer.h"
#include "apps/autotune/operands.h"
#include "apps/autotune/problem.h"

namespace vit::autotune {

namespace {

class HeadProblem : public Problem {
public:
    HeadProblem(const Shape &shape, const Geometry &g)
        : g_(g), batch_(shape.batch), channels_(shape.architecture.width),
          labels_(shape.architecture.labels), scores_kind_(shape.architecture.scores),
          tokens_(g.token_matrix(g.width) * batch_), bias_(g.labels),
          weights_(static_cast<std::size_t>(g.width) * g.labels, 16,
                   1 / std::sqrt(static_cast<float>(channels_)), random_),
          logits_(static_cast<std::size_t>(g.labels) * batch_), scores_(logits_.size()) {
        for (int t = 0; t < g.tiles * g.blocks.token_tile * batch_; t++) {
            for (int c = 0; c < channels_; c++) {
                tokens_[at(g.blocks, g.width, t, c)] = random_.value(1);
            }
        }
        random_.fill(bias_, 0.1f);
        generator = "head";
        params["kind"] = scores_kind_ == Scores::softmax   ? "softmax"
                         : scores_kind_ == Scores::sigmoid ? "sigmoid"
                                                           : "identity";
        copies = weights_.copies();
        flop = 2.0 * batch_ * channels_ * labels_;
        extents = {{Of::panels,
                    {g.panels(g.labels), std::size_t(g.width) * g.blocks.panel * sizeof(float)}}};
        for (int b = 0; b < batch_; b++) {
            expect(b);
        }
    }

    int call(const CalledKernel &kernel, int copy) override {
        const auto [lanes, token_tile, panel] = g_.blocks;
        FloatView<5> tokens(tokens_.data(), {lanes, token_tile, g_.chunks(g_.width), g_.tiles, batch_});
        FloatView<1> bias(bias_.data(), {g_.labels});
        FloatView<3> weights(weights_.copy(copy), {panel, g_.width, g_.panels(g_.labels)});
        FloatView<2> logits(logits_.data(), {g_.labels, batch_}),
            scores(scores_.data(), {g_.labels, batch_});
        halide_buffer_t *ts = tokens, *ws = weights, *bs = bias, *ls = logits, *ss = scores;
        return run(kernel, ts, ws, bs, features, labels_, ls, ss);
    }

    void reset() override {
        logits_.set(unwritten);
        scores_.set(unwritten);
    }

    std::string judge() override {
        Verdict logits("logits"), scores("scores");
        std::size_t i = 0;
        for (int b = 0; b < batch_; b++) {
            for (int n = 0; n < labels_; n++, i++) {
                const std::size_t index = static_cast<std::size_t>(b) * g_.labels + n;
                logits.compare(expected_logits_[i], logits_[index], logit_tolerances_[i]);
                scores.compare(expected_scores_[i], scores_[index], score_tolerances_[i]);
            }
        }
        return logits.text().empty() ? scores.text() : logits.text();
    }

private:
    static constexpr int features = 1;

    void expect(int b) {
        const int token = b * g_.tiles * g_.blocks.token_tile, panel = g_.blocks.panel;
        double largest = -HUGE_VAL, total = 0, worst = 0;
        const std::size_t first = expected_logits_.size();
        for (int n = 0; n < labels_; n++) {
            double logit = bias_[n], magnitude = std::abs(logit);
            for (int c = 0; c < channels_; c++) {
                const double feature = tokens_[at(g_.blocks, g_.width, token, c)];
                const double w = weights_.copy(
                    0)[(static_cast<std::size_t>(n / panel) * g_.width + c) * panel + n % panel];
                logit += feature * w;
                magnitude += std::abs(feature * w);
            }
            const double tolerance = sum_error(channels_ + 1) * magnitude;
            expected_logits_.push_back(logit);
            logit_tolerances_.push_back(tolerance);
            largest = std::max(largest, logit);
            worst = std::max(worst, tolerance);
        }
        for (int n = 0; n < labels_; n++) {
            total += std::exp(expected_logits_[first + n] - largest);
        }
        // An exponential's relative error is its argument's absolute one and 4 roundings.
        const double exponential = 2 * worst + 8 * roundoff;
        for (int n = 0; n < labels_; n++) {
            const double logit = expected_logits_[first + n];
            if (scores_kind_ == Scores::softmax) {
                const double score = std::exp(logit - largest) / total;
                expected_scores_.push_back(score);
                score_tolerances_.push_back(score * (2 * exponential + sum_error(labels_) + 4 * roundoff));
            } else if (scores_kind_ == Scores::sigmoid) {
                expected_scores_.push_back(1 / (1 + std::exp(-logit)));
                score_tolerances_.push_back(expected_scores_.back() * (exponential + 8 * roundoff));
            } else {
                expected_scores_.push_back(logit);
                score_tolerances_.push_back(logit_tolerances_[first + n]);
            }
        }
    }

    Random random_;
    Geometry g_;
    int batch_, channels_, labels_;
    Scores scores_kind_;
    Floats tokens_, bias_;    // [ci, ti, chunk, tile, b], [n]
    WeightCopies weights_;    // [n in panel, c, panel], cold: a whole pass lies between two calls
    Floats logits_, scores_;  // [n, b]
    std::vector<double> expected_logits_, logit_tolerances_, expected_scores_,
        score_tolerances_;  // [n, b], not padded
};

}  // namespace

std::unique_ptr<Problem> head_problem(const Shape &shape, const Blocks &blocks) {
    return std::make_unique<HeadProblem>(shape, Geometry(shape.architecture, blocks));
}

}  // namespace vit::autotune
