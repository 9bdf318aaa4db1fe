#include "runtime/backend/buffer.h"
#include "apps/autotune/operands.h"
#include "apps/autotune/problem.h"

namespace vit::autotune {

namespace {

// The pads of a head's channels are filled too: they make the head wider, at the same cost.
class AttentionProblem : public Problem {
public:
    AttentionProblem(const Shape &shape, const Geometry &g, bool on_device)
        : g_(g), batch_(shape.batch), head_(g.head_chunks * g.blocks.lanes),
          qkv_(g.token_matrix(3 * g.attention_width) * batch_),
          context_(g.token_matrix(g.attention_width) * batch_), keys_(g.keys_of_image() * batch_),
          values_(g.values_of_image() * batch_),
          mixtures_(g.mixtures_of_image() * batch_) {
        Random random;
        // Scores of deviation 2: weights differ, and no key has it all.
        const float deviation = std::sqrt(2.0f) / std::pow(static_cast<float>(head_), 0.25f);
        random.fill(qkv_, deviation);
        tokens_ = sampled_tokens(g.tiles, batch_, g.blocks.token_tile, g.tokens, random);
        for (std::size_t i = 0; i < tokens_.size(); i++) {
            // A few heads of each token, every head of some token.
            for (int h = static_cast<int>(i) % heads_step(); h < g.heads; h += heads_step()) {
                expect(tokens_[i], h);
            }
        }
        const Architecture &a = shape.architecture;
        generator = on_device ? "attention_parts" : "attention";
        if (on_device) {
            params["one_part"] = g.key_parts() == 1 ? "true" : "false";
        }
        calls_in_pass = a.depth;
        flop = 4.0 * batch_ * a.tokens() * a.tokens() * a.width;
        extents = {
            {Of::tiles, {g.tiles, std::size_t(2) * head_ * g.blocks.token_tile * sizeof(float)}}};
        other_tasks = g.heads * batch_;
    }

    int call(const CalledKernel &kernel, int) override {
        const auto [lanes, token_tile, panel] = g_.blocks;
        const std::int64_t chunk = static_cast<std::int64_t>(lanes) * token_tile;
        const std::int64_t part = chunk * g_.chunks(g_.attention_width);
        FloatView<7> qkv(qkv_.data(), {Dim{lanes, 1}, Dim{token_tile, lanes}, Dim{g_.head_chunks, chunk},
                                       Dim{g_.heads, chunk * g_.head_chunks}, Dim{3, part},
                                       Dim{g_.tiles, 3 * part}, Dim{batch_, 3 * part * g_.tiles}});
        FloatView<6> out(context_.data(), {Dim{lanes, 1}, Dim{token_tile, lanes}, Dim{g_.head_chunks, chunk},
                                           Dim{g_.heads, chunk * g_.head_chunks}, Dim{g_.tiles, part},
                                           Dim{batch_, part * g_.tiles}});
        halide_buffer_t *from = qkv, *to = out;
        if (!device) {
            return run(kernel, from, g_.tokens, threads, to);
        }
        FloatView<5> keys(keys_.data(), {panel, head_, g_.key_panels(), g_.heads, batch_});
        FloatView<4> values(values_.data(), {head_, g_.tokens, g_.heads, batch_});
        halide_buffer_t *ks = keys, *vs = values;
        if (g_.key_parts() == 1) {
            return run(kernel, from, g_.tokens, to, ks, vs);
        }
        FloatView<7> mixtures(mixtures_.data(), {lanes, token_tile, g_.head_chunks + 2, g_.tiles,
                                                 g_.key_parts(), g_.heads, batch_});
        halide_buffer_t *ms = mixtures;
        return run(kernel, from, g_.tokens, g_.key_parts(), to, ks, vs, ms);
    }

    void reset() override {
        context_.set(unwritten);
    }

    std::string judge() override {
        Verdict verdict("context");
        for (const Expected &e : expected_) {
            for (int d = 0; d < head_; d++) {
                verdict.compare(e.values[d],
                                context_[at(g_.blocks, g_.attention_width, e.token, e.head * head_ + d)],
                                e.tolerances[d]);
            }
        }
        return verdict.text();
    }

private:
    struct Expected {
        int token, head;
        std::vector<double> values, tolerances;  // [d]
    };

    int heads_step() const { return std::max(1, g_.heads / 4); }

    float qkv(int part, int token, int h, int d) const {
        return qkv_[at(g_.blocks, 3 * g_.attention_width, token, part * g_.attention_width + h * head_ + d)];
    }

    void expect(int token, int h) {
        const int image = token / (g_.tiles * g_.blocks.token_tile),
                  first = image * g_.tiles * g_.blocks.token_tile;
        std::vector<double> scores(g_.tokens);
        double largest = -HUGE_VAL, score_error = 0;
        for (int s = 0; s < g_.tokens; s++) {
            double magnitude = 0;
            for (int d = 0; d < head_; d++) {
                const double product = static_cast<double>(qkv(0, token, h, d)) * qkv(1, first + s, h, d);
                scores[s] += product;
                magnitude += std::abs(product);
            }
            largest = std::max(largest, scores[s]);
            score_error =
                std::max(score_error, sum_error(head_ + 1) * magnitude + roundoff * std::abs(scores[s]));
        }
        double total = 0;
        std::vector<double> sums(head_), magnitudes(head_);
        for (int s = 0; s < g_.tokens; s++) {
            const double weight = std::exp2(scores[s] - largest);
            total += weight;
            for (int d = 0; d < head_; d++) {
                const double v = qkv(2, first + s, h, d);
                sums[d] += weight * v;
                magnitudes[d] += weight * std::abs(v);
            }
        }
        // A weight's relative error: ln 2 times that of its score and of the largest one, 4 roundings of the
        // exponential.
        const double weight_error = std::log(2.0) * 2 * score_error + 4 * roundoff;
        const double relative = 2 * (weight_error + sum_error(g_.tokens)) + 8 * roundoff;
        Expected e{token, h, {}, {}};
        for (int d = 0; d < head_; d++) {
            e.values.push_back(sums[d] / total);
            e.tolerances.push_back(relative * magnitudes[d] / total);
        }
        expected_.push_back(std::move(e));
    }

    Geometry g_;
    int batch_, head_;  // padded channels of a head
    Floats qkv_;        // [ci, ti, chunk, tile, b]: queries, keys and values side by side
    Floats context_;
    Floats keys_, values_, mixtures_;  // of a device's schedule
    std::vector<int> tokens_;
    std::vector<Expected> expected_;
};

}  // namespace

std::unique_ptr<Problem> attention_problem(const Shape &shape, const Blocks &blocks, bool on_device) {
    return std::make_unique<AttentionProblem>(shape, Geometry(shape.architecture, blocks), on_device);
}

}  // namespace vit::autotune
