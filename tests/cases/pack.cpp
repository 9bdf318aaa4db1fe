#include "tests/cases/pack.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tests/cases/comparison.h"
#include "tests/cases/kernel_list.h"
#include "tests/reference/pack.h"

namespace vit::cases {

namespace {

halide_type_t type_named(const std::string &name) {
    return name == "float32"   ? halide_type_t(halide_type_float, 32)
           : name == "float16" ? halide_type_t(halide_type_float, 16)
                               : halide_type_t(halide_type_bfloat, 16);
}

// Neither NaN nor infinite, nor a bfloat16 that a scale makes infinite or brings below the normal numbers.
bool is_usual(halide_type_t type, std::uint16_t word) {
    return type.code == halide_type_float ? (word >> 10 & 31) != 31
                                   : (word >> 7 & 255) < 252 && (word >> 7 & 255) > 3;
}

}  // namespace

IndexMap PackPanelsCase::map_of(int count, int size, int block) {
    IndexMap map;
    for (int i = 0; i < count; i++) {
        if (i % size == 0) map.resize(round_up(static_cast<int>(map.size()), 4), -1);
        map.push_back(i);
    }
    map.resize(round_up(static_cast<int>(map.size()), block), -1);
    return map;
}

PackPanelsCase::PackPanelsCase(const PackShape &shape, const Layout &blocks, std::string kernel, float scale,
                               IndexMap rows, IndexMap columns, Random &random)
    : shape_(shape), kernel_(std::move(kernel)),
      type_(type_named(kernel_row(kernel_).params.at("weight.type"))), rows_(std::move(rows)),
      columns_(std::move(columns)),
      in_panels_(blocks, static_cast<int>(columns_.size()), static_cast<int>(rows_.size())),
      source_(static_cast<std::size_t>(round_up(shape.inputs * shape.outputs, 32))),
      memory_(source_ + in_panels_.floats(), shape.layers) {
    for (std::size_t i = 0; i < rows_.size(); i++) {
        scales_.push_back(std::ldexp(scale, static_cast<int>(i % 3)));
    }
    const std::size_t count = static_cast<std::size_t>(shape.inputs) * shape.outputs;
    if (type_.bits == 32) {
        values_ = random.uniforms(count, -1, 1);
        std::copy(values_.begin(), values_.end(), memory_.copy(0));
    } else {
        auto *words = reinterpret_cast<unsigned char *>(memory_.copy(0));
        while (values_.size() < count) {
            const auto word = static_cast<std::uint16_t>(random.integer(0, 0xffff));
            if (!is_usual(type_, word)) continue;
            std::memcpy(words + 2 * values_.size(), &word, 2);
            values_.push_back(type_.code == halide_type_float ? reference::from_float16(word)
                                                               : reference::from_bfloat16(word));
        }
    }
    memory_.repeat();
}

int PackPanelsCase::call(const CalledKernel &kernel, int copy) {
    last_ = copy;
    const halide_type_t i32 = halide_type_of<std::int32_t>();
    BufferView<2> matrix(memory_.copy(copy), type_, {shape_.inputs, shape_.outputs});
    BufferView<1> rows(rows_.data(), i32, {static_cast<int>(rows_.size())}),
        columns(columns_.data(), i32, {static_cast<int>(columns_.size())});
    FloatView<1> scales(scales_.data(), {static_cast<int>(scales_.size())});
    return kernel(matrix, rows, columns, scales, in_panels_.view(panels(copy)));
}

void PackPanelsCase::reset() {
    for (int copy = 0; copy < copies(); copy++) {
        std::fill_n(panels(copy), in_panels_.floats(), NAN);
    }
}

std::string PackPanelsCase::judge_copy(int copy) {
    Comparison comparison(kernel_);
    for (int c = 0; c < in_panels_.outputs(); c++) {
        for (int k = 0; k < in_panels_.inputs; k++) {
            const float exact =
                reference::packed(values_.data(), shape_.inputs, rows_[c], columns_[k], scales_[c]);
            comparison.add({c, k}, exact, panels(copy)[in_panels_.offset(k, c)], 0);
        }
    }
    return first_of({comparison.text(), memory_.written_outside()});
}

Work PackPanelsCase::work() const {
    return {0, static_cast<double>(values_.size()) * (type_.bytes() + 4)};
}

PackTilesCase::PackTilesCase(int channels, int tokens, const Layout &blocks, Random &random)
    : rows_(random.uniforms(static_cast<std::size_t>(tokens) * channels, -1, 1)),
      packed_(blocks, tokens, channels, 1) {}

int PackTilesCase::call(const CalledKernel &kernel, int) {
    FloatView<2> matrix(rows_.data(), {packed_.channels, packed_.tokens});
    return kernel(matrix, packed_.view());
}

std::string PackTilesCase::judge() {
    Comparison comparison("tiles");
    for (int t = 0; t < packed_.padded_tokens(); t++) {
        for (int c = 0; c < packed_.padded_channels(); c++) {
            const bool pad = t >= packed_.tokens || c >= packed_.channels;
            comparison.add({t, c},
                           pad ? 0 : rows_[static_cast<std::size_t>(t) * packed_.channels + c],
                           packed_.at(0, t, c), 0);
        }
    }
    return first_of({comparison.text(), packed_.values.written_outside()});
}

Work PackTilesCase::work() const {
    return {0, static_cast<double>(rows_.size()) * 8};
}

}  // namespace vit::cases
