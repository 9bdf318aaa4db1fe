// Matrices in fixed point (generators/fixed_point.h) by plain loops, on the cases' own terms: whole numbers
// and what they stand for in and out.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/cases/comparison.h"
#include "tests/cases/kernel_list.h"
#include "tests/cases/tiles.h"
#include "tests/cases/tolerance.h"

namespace vit::cases {

struct FixedFormat {
    int bytes;            // of a value, of activations and of weights
    int lowest, highest;  // of activations
    int most_of_weights;  // either side
    int step;             // neighbouring k that a multiply-add takes
    bool offset;          // the second term of a group
    // Channels that a group has at most, as the runtime has them: of what is normalized, and of what an
    // activation makes. A context has a head in each.
    int most_of_norm, most_of_mlp;

    int terms() const { return offset ? 2 : 1; }
    int levels() const { return highest - lowest; }
    halide_type_t stored() const {
        return halide_type_t(bytes == 2 ? halide_type_int : halide_type_uint, 8 * bytes);
    }
    halide_type_t weight() const { return halide_type_t(halide_type_int, 8 * bytes); }

    // Of the precision that generators/kernels.cmake says of a kernel; none of one in float32.
    static std::optional<FixedFormat> of(const std::string &kernel, const Layout &blocks) {
        const auto &params = kernel_row(kernel).params;
        const auto precision = params.find("precision");
        if (precision == params.end()) return std::nullopt;
        if (precision->second == "i16") {
            return FixedFormat{2, -2047, 2047, 2047, blocks.i16_step, false, 512, 128};
        }
        if (precision->second != "i8") throw std::logic_error(kernel + " has an unknown precision");
#if defined(__aarch64__)
        const int lowest = -128;  // what its dot products multiply has a sign
#else
        const int lowest = 0;
#endif
        return FixedFormat{1, lowest, lowest + 255, 127, 4, true, 2048, 256};
    }

};

// As many units of chunks as divide all of them and have so many channels at most, but one at least: a unit
// is a panel's chunks where groups are made panel by panel.
inline int chunks_of_group(int chunks, int unit, int most_channels, const Layout &blocks) {
    const int most = std::max(1, most_channels / (unit * blocks.lanes));
    int units = std::min(most, chunks / unit);
    while (chunks / unit % units != 0) units--;
    return units * unit;
}

// A token matrix of `batch` images, [ci, ti, chunk, group, tile, b]; every image starts at a whole tile.
struct FixedTiles {
    FixedFormat format;
    Layout blocks;
    int tokens, channels, batch;  // before padding
    int tiles, chunks_of_group, groups;
    Floats values;                // their bytes. NaN until they are filled: terms that nobody wrote are seen

    FixedTiles(const FixedFormat &its_format, const Layout &its_blocks, int its_tokens, int its_channels,
               int its_batch, int its_chunks_of_group, int its_groups)
        : format(its_format), blocks(its_blocks), tokens(its_tokens), channels(its_channels),
          batch(its_batch),
          tiles(divide_up(tokens, blocks.token_tile)), chunks_of_group(its_chunks_of_group),
          groups(its_groups),
          values(static_cast<std::size_t>(batch) * tiles * groups * stored_chunks() * blocks.token_tile *
                 blocks.lanes * format.bytes / sizeof(float)) {}

    int stored_chunks() const { return chunks_of_group + format.terms(); }
    int channels_of_group() const { return chunks_of_group * blocks.lanes; }
    int padded_tokens() const { return tiles * blocks.token_tile; }
    int padded_channels() const { return groups * channels_of_group(); }

    int q(int b, int t, int c) const {
        const unsigned char *at = place_of(b, t, c);
        if (format.bytes == 2) {
            std::int16_t q;
            std::memcpy(&q, at, 2);
            return q;
        }
        return format.lowest < 0 ? static_cast<std::int8_t>(*at) : *at;
    }
    void set_q(int b, int t, int c, int q) {
        const auto low = static_cast<std::int16_t>(q);
        const auto byte = static_cast<unsigned char>(q);
        std::memcpy(const_cast<unsigned char *>(place_of(b, t, c)),
                    format.bytes == 2 ? static_cast<const void *>(&low) : &byte, format.bytes);
    }
    // 0: the scale, 1: the offset.
    float term(int b, int t, int g, int i) const {
        float value;
        std::memcpy(&value, place(b, t, g, chunks_of_group + i), sizeof(value));
        return value;
    }
    void set_term(int b, int t, int g, int i, float value) {
        std::memcpy(place(b, t, g, chunks_of_group + i), &value, sizeof(value));
    }
    double scale(int b, int t, int g) const { return term(b, t, g, 0); }
    double offset(int b, int t, int g) const { return format.offset ? term(b, t, g, 1) : 0; }
    // What c's whole number stands for.
    double at(int b, int t, int c) const {
        const int g = c / channels_of_group();
        return scale(b, t, g) * q(b, t, c) + offset(b, t, g);
    }

    // [ci, ti, chunk, group, tile], the tiles of all images one after the other.
    BufferView<5> view() {
        return BufferView<5>(values.data(), format.stored(),
                             {blocks.lanes, blocks.token_tile, stored_chunks(), groups, tiles * batch});
    }
    BufferView<6> view_of_images() {
        return BufferView<6>(values.data(), format.stored(),
                             {blocks.lanes, blocks.token_tile, stored_chunks(), groups, tiles, batch});
    }

    // Empty if the terms of every token, pads included, are finite and its whole numbers are in their range.
    std::string not_finite() const {
        for (int b = 0; b < batch; b++) {
            for (int t = 0; t < padded_tokens(); t++) {
                for (int g = 0; g < groups; g++) {
                    if (!std::isfinite(scale(b, t, g)) || !std::isfinite(offset(b, t, g))) {
                        return "the terms of group " + std::to_string(g) + " of token " + std::to_string(t) +
                               " are not finite, or were never written";
                    }
                }
                for (int c = 0; c < padded_channels(); c++) {
                    if (q(b, t, c) < format.lowest || q(b, t, c) > format.highest) {
                        return "whole number (" + std::to_string(c) + ", " + std::to_string(t) + ") is " +
                               std::to_string(q(b, t, c)) + ", or was never written";
                    }
                }
            }
        }
        return {};
    }

private:
    const unsigned char *place_of(int b, int t, int c) const {
        const int in_group = c % channels_of_group();
        return place(b, t, c / channels_of_group(), in_group / blocks.lanes) +
               in_group % blocks.lanes * format.bytes;
    }
    unsigned char *place(int b, int t, int g, int chunk) {
        return const_cast<unsigned char *>(std::as_const(*this).place(b, t, g, chunk));
    }
    const unsigned char *place(int b, int t, int g, int chunk) const {
        const std::size_t tile = static_cast<std::size_t>(b) * tiles + t / blocks.token_tile;
        const std::size_t row =
            ((tile * groups + g) * stored_chunks() + chunk) * blocks.token_tile + t % blocks.token_tile;
        return reinterpret_cast<const unsigned char *>(values.data()) + row * blocks.lanes * format.bytes;
    }
};

// Where the values of a weight matrix, [ki, c in panel, multiply-add, panel], stand in memory that somebody
// else owns. Pads are zero.
struct FixedPanels {
    FixedFormat format;
    Layout blocks;
    int inputs, panels;  // k of a panel, pads included

    FixedPanels(const FixedFormat &its_format, const Layout &its_blocks, int padded_inputs, int outputs)
        : format(its_format), blocks(its_blocks), inputs(padded_inputs),
          panels(divide_up(outputs, blocks.panel)) {}

    int outputs() const { return panels * blocks.panel; }
    std::size_t floats() const {
        return static_cast<std::size_t>(outputs()) * inputs * format.bytes / sizeof(float);
    }
    int get(const float *values, int k, int c) const {
        const auto *bytes = reinterpret_cast<const unsigned char *>(values) + offset(k, c) * format.bytes;
        std::int16_t wide;
        if (format.bytes == 1) return static_cast<std::int8_t>(*bytes);
        std::memcpy(&wide, bytes, 2);
        return wide;
    }
    void set(float *values, int k, int c, int weight) const {
        auto *bytes = reinterpret_cast<unsigned char *>(values) + offset(k, c) * format.bytes;
        const auto wide = static_cast<std::int16_t>(weight);
        if (format.bytes == 1) *bytes = static_cast<unsigned char>(weight);
        else std::memcpy(bytes, &wide, 2);
    }
    BufferView<4> view(const float *values) const {
        return BufferView<4>(values, format.weight(),
                             {format.step, blocks.panel, inputs / format.step, panels});
    }

private:
    std::size_t offset(int k, int c) const {
        const std::size_t multiply_add =
            static_cast<std::size_t>(c / blocks.panel) * (inputs / format.step) + k / format.step;
        return (multiply_add * blocks.panel + c % blocks.panel) * format.step + k % format.step;
    }
};

// Holds what a stage quantized against what it should have: a group's terms against the extremes of its
// values, and each value to within half a step.
class QuantizedComparison {
public:
    explicit QuantizedComparison(const FixedTiles &actual)
        : actual_(actual), values_("quantized"), ranges_("range of a group") {}

    // The channels of a group, pads included, and how far each may be off before it is quantized.
    void add(int b, int t, int g, const std::vector<double> &expected,
             const std::vector<double> &tolerance) {
        const FixedFormat &format = actual_.format;
        const double scale = actual_.scale(b, t, g), offset = actual_.offset(b, t, g);
        const int first = g * actual_.channels_of_group();
        double high = 0, low = 0, off = 0;
        int highest = format.lowest, lowest = format.highest;
        for (std::size_t i = 0; i < expected.size(); i++) {
            high = std::max(high, expected[i]);
            low = std::min(low, expected[i]);
            off = std::max(off, tolerance[i]);
            highest = std::max(highest, actual_.q(b, t, first + i));
            lowest = std::min(lowest, actual_.q(b, t, first + i));
        }
        // Without an offset as far below zero as above it.
        const double most = std::max(high, -low);
        if (!format.offset) high = most, low = -most;
        const double range = std::max(high - low, format.offset ? least : 2 * least);
        const double of_range = 2 * off + tolerance::range_error * range;
        ranges_.add({b, t, g}, range, format.levels() * scale, of_range);
        // The lowest whole number stands for the lowest value.
        if (format.offset) {
            ranges_.add({b, t, g}, range + low, range + format.lowest * scale + offset, of_range);
        }
        for (std::size_t i = 0; i < expected.size(); i++) {
            const double half_a_step = scale * (0.5 + tolerance::step_error * format.levels());
            values_.add({b, t, first + static_cast<int>(i)}, expected[i],
                        actual_.at(b, t, first + i), tolerance[i] + half_a_step);
        }
        // The extremes are made use of: those that zero does not stand in for, and that are larger than
        // what is the least of a range.
        if (wrong_.empty() && range > 2 * least) {
            const bool right = format.offset ? (high <= off || highest == format.highest) &&
                                                   (low >= -off || lowest == format.lowest)
                                             : std::max(highest, -lowest) == format.highest;
            if (!right) {
                wrong_ = "group " + std::to_string(g) + " of token " + std::to_string(t) + " goes from " +
                         std::to_string(lowest) + " to " + std::to_string(highest);
            }
        }
    }

    // Empty if all is right.
    std::string text() const {
        for (const std::string &sentence : {ranges_.text(), values_.text(), wrong_}) {
            if (!sentence.empty()) return sentence;
        }
        return {};
    }

private:
    static constexpr double least = 1e-30;  // of an extreme, so that its inverse is finite

    const FixedTiles &actual_;
    Comparison values_, ranges_;
    std::string wrong_;
};

}  // namespace vit::cases
