// A picture resized, cropped and normalized, to the bit.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/preprocess/preprocess_plan.h"
#include "tests/cases/case.h"
#include "tests/cases/floats.h"
#include "tests/cases/random.h"
#include "tests/reference/preprocess.h"

namespace vit::cases {

// Half of them of black and white alone, which drives sums beyond 0 and 255.
reference::Picture random_picture(int width, int height, Random &random);

// What the reference makes of a picture: [x, y, c].
std::vector<float> preprocessed(const reference::Picture &picture, const Preprocessing &asked);

// One of the kernels: rows first, the one pass or the other; columns first, both.
enum class Passes { along_rows,
                    along_columns,
                    columns_first };

class PreprocessCase : public Case {
public:
    // At least 8 pixels wide; `gap` bytes of something else lie between rows. Throws std::runtime_error if
    // there is no plan for it, or its order is not that of the passes.
    PreprocessCase(Passes passes, reference::Picture picture, const Preprocessing &asked, int gap = 0);

    std::string kernel() const override;
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override;
    std::string judge() override;
    Work work() const override;

    const PreprocessPlan &plan() const { return plan_; }

private:
    const std::vector<std::uint8_t> &first_pass();  // what the reference makes of it

    Passes passes_;
    reference::Picture picture_;
    Preprocessing asked_;
    PreprocessPlan plan_;
    int stride_;                         // bytes
    std::vector<std::uint8_t> rows_;     // the picture's, with the gaps
    // [c, row read, x], or columns first [y, picture's x, c]; and a guard.
    std::vector<std::uint8_t> between_;
    Floats pixels_;                      // [x, y, c]
    std::vector<std::uint8_t> expected_between_;  // made when they are first needed
    std::vector<float> expected_;                 // likewise
};

}  // namespace vit::cases
