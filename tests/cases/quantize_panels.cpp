#include "tests/cases/quantize_panels.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/cases/comparison.h"
#include "tests/cases/tolerance.h"
#include "tests/reference/quantize_panels.h"

namespace vit::cases {

namespace {

std::vector<float> rows_of(const QuantizePanelsShape &shape, const FixedFormat &format, Operands operands,
                           Random &random) {
    const std::size_t count = static_cast<std::size_t>(shape.outputs) * shape.inputs;
    if (operands == Operands::random) {
        // Outputs of different sizes.
        std::vector<float> rows = random.uniforms(count, -1, 1);
        for (std::size_t i = 0; i < count; i++) {
            rows[i] = std::ldexp(rows[i], static_cast<int>(i / shape.inputs % 5));
        }
        return rows;
    }
    std::vector<float> rows = random.integers(count, -format.most_of_weights, format.most_of_weights);
    for (int c = 0; c < shape.outputs; c++) {
        const float most = static_cast<float>(format.most_of_weights);
        rows[static_cast<std::size_t>(c) * shape.inputs + c % shape.inputs] = c % 2 ? most : -most;
    }
    return rows;
}

}  // namespace

QuantizePanelsCase::QuantizePanelsCase(const QuantizePanelsShape &shape, const Layout &blocks,
                                       std::string kernel, Operands operands, Random &random)
    : QuantizePanelsCase(shape, blocks, kernel,
                         rows_of(shape, *FixedFormat::of(kernel, blocks), operands, random)) {
    exact_ = operands == Operands::integers;
}

QuantizePanelsCase::QuantizePanelsCase(const QuantizePanelsShape &shape, const Layout &blocks,
                                       std::string kernel, std::vector<float> weights)
    : shape_(shape), kernel_(std::move(kernel)), format_(*FixedFormat::of(kernel_, blocks)),
      rows_(std::move(weights)),
      panels_(blocks, round_up(shape.inputs, blocks.panel) + round_up(shape.unused_inputs, blocks.panel),
              shape.outputs),
      fixed_(format_, blocks, panels_.inputs, shape.outputs),
      inputs_of_group_(blocks.lanes * chunks_of_group(round_up(shape.inputs, blocks.panel) / blocks.lanes, 1,
                                                      format_.most_of_mlp, blocks)),
      groups_(round_up(shape.inputs, blocks.panel) / inputs_of_group_), weights_(panels_.floats(), 0),
      q_(fixed_.floats()), terms_(static_cast<std::size_t>(panels_.outputs()) *
                                  (1 + (format_.offset ? groups_ : 0))) {
    for (int c = 0; c < shape.outputs; c++) {
        for (int k = 0; k < shape.inputs; k++) {
            weights_[panels_.offset(k, c)] = rows_[static_cast<std::size_t>(c) * shape.inputs + k];
        }
    }
}

int QuantizePanelsCase::call(const CalledKernel &kernel, int) {
    FloatView<2> terms(terms_.data(), {panels_.outputs(), 1 + (format_.offset ? groups_ : 0)});
    return kernel(panels_.view(weights_.data()), inputs_of_group_, fixed_.view(q_.data()), terms);
}

void QuantizePanelsCase::reset() {
    q_.set(NAN);
    terms_.set(NAN);
}

std::string QuantizePanelsCase::judge() {
    const int most = format_.most_of_weights;
    Comparison scales("scale"), weights("weights"), sums("sum");
    std::string wrong_pad;
    for (int c = 0; c < panels_.outputs(); c++) {
        const bool is_pad = c >= shape_.outputs;
        const float *row = is_pad ? nullptr : &rows_[static_cast<std::size_t>(c) * shape_.inputs];
        const double expected = reference::weight_scale(row, is_pad ? 0 : shape_.inputs, most);
        scales.add({c}, expected, scale(c), tolerance::range_error * expected);
        std::vector<double> sum(groups_);
        for (int k = 0; k < panels_.inputs; k++) {
            const int q = fixed_.get(q_.data(), k, c);
            if (k / inputs_of_group_ < groups_) sum[k / inputs_of_group_] += q;
            if (is_pad || k >= shape_.inputs) {
                if (q != 0) {
                    wrong_pad = "pad (" + std::to_string(k) + ", " + std::to_string(c) + ") is not 0";
                }
                continue;
            }
            if (exact_) {
                weights.add({c, k}, row[k], q, 0);
            } else {
                weights.add({c, k}, row[k], at(k, c), scale(c) * (0.5 + tolerance::step_error * most));
            }
        }
        for (int g = 0; format_.offset && g < groups_; g++) {
            // Whole numbers, exact in float32; one more, so that there is a signal where all are zero.
            const double actual = terms_[static_cast<std::size_t>(1 + g) * panels_.outputs() + c];
            sums.add({c, g}, sum[g] + 1, actual + 1, 0);
        }
    }
    return first_of({scales.text(), weights.text(), format_.offset ? sums.text() : std::string(), wrong_pad,
                     weights_.written_outside(), q_.written_outside(), terms_.written_outside()});
}

Work QuantizePanelsCase::work() const {
    return {0, static_cast<double>(rows_.size()) * (4 + format_.bytes)};
}

}  // namespace vit::cases
