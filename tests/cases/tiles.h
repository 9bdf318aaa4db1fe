// The blocks of generators/layout.h by plain loops, on the cases' own terms: row-major matrices in and out.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "runtime/backend/buffer.h"
#include "runtime/network/geometry.h"
#include "tests/cases/called_kernel.h"
#include "tests/cases/floats.h"

namespace vit::cases {

inline int divide_up(int n, int block) { return (n + block - 1) / block; }

inline int round_up(int n, int block) { return divide_up(n, block) * block; }

// What a token matrix holds where nothing must look: finite, and far too large to go unnoticed.
inline constexpr float garbage = -12345.0f;

// A token matrix of `batch` images, float32 [ci, ti, chunk, tile, b]; every image starts at a whole tile.
struct Tiles {
    Layout blocks;
    int tokens, channels, batch;  // before padding
    int tiles, chunks;            // of an image; in a tile
    Floats values;                // NaN, until they are filled

    // Channels are padded to whole panels, unless the caller has its own idea of their number.
    Tiles(const Layout &its_blocks, int its_tokens, int its_channels, int its_batch, int padded_channels = 0)
        : blocks(its_blocks), tokens(its_tokens), channels(its_channels), batch(its_batch),
          tiles(divide_up(tokens, blocks.token_tile)),
          chunks((padded_channels ? padded_channels : round_up(channels, blocks.panel)) / blocks.lanes),
          values(static_cast<std::size_t>(batch) * tiles * blocks.token_tile * chunks * blocks.lanes) {}

    std::size_t offset(int b, int t, int c) const {
        const std::size_t tile = static_cast<std::size_t>(b) * tiles + t / blocks.token_tile;
        return ((tile * chunks + c / blocks.lanes) * blocks.token_tile + t % blocks.token_tile) *
                   blocks.lanes +
               c % blocks.lanes;
    }
    float &at(int b, int t, int c) { return values[offset(b, t, c)]; }
    float at(int b, int t, int c) const { return values[offset(b, t, c)]; }
    int padded_tokens() const { return tiles * blocks.token_tile; }
    int padded_channels() const { return chunks * blocks.lanes; }

    // From rows [b][t][c]; pads get token_pad and, in true tokens, channel_pad.
    void fill(const std::vector<float> &rows, float token_pad, float channel_pad) {
        for (int b = 0; b < batch; b++) {
            for (int t = 0; t < padded_tokens(); t++) {
                for (int c = 0; c < padded_channels(); c++) {
                    at(b, t, c) = t >= tokens ? token_pad
                                  : c >= channels
                                      ? channel_pad
                                      : rows[(static_cast<std::size_t>(b) * tokens + t) * channels + c];
                }
            }
        }
    }

    // [ci, ti, chunk, tile], the tiles of all images one after the other.
    FloatView<4> view() {
        return FloatView<4>(values.data(), {blocks.lanes, blocks.token_tile, chunks, tiles * batch});
    }
    FloatView<5> view_of_images() {
        return FloatView<5>(values.data(), {blocks.lanes, blocks.token_tile, chunks, tiles, batch});
    }

    // Empty if every value, pads included, is finite: a later product takes zero times it for zero.
    std::string not_finite() const {
        std::size_t bad = 0;
        for (std::size_t i = 0; i < values.size(); i++) bad += !std::isfinite(values[i]);
        return bad ? std::to_string(bad) + " values of " + std::to_string(values.size()) +
                         " are not finite, or were never written"
                   : std::string();
    }

    // Empty if the pads of channels in true tokens are zero.
    std::string pads_not_zero() const {
        for (int b = 0; b < batch; b++) {
            for (int t = 0; t < tokens; t++) {
                for (int c = channels; c < padded_channels(); c++) {
                    if (at(b, t, c) != 0) {
                        return "pad (" + std::to_string(c) + ", " + std::to_string(t) + ", " +
                               std::to_string(b) + ") is " + std::to_string(at(b, t, c));
                    }
                }
            }
        }
        return {};
    }
};

// Where the values of a weight matrix, float32 [c in panel, k, panel], stand in memory that somebody else
// owns. Pads are zero.
struct Panels {
    Layout blocks;
    int inputs, panels;  // k of a panel, pads included

    Panels(const Layout &its_blocks, int padded_inputs, int outputs)
        : blocks(its_blocks), inputs(padded_inputs), panels(divide_up(outputs, blocks.panel)) {}

    int outputs() const { return panels * blocks.panel; }
    std::size_t floats() const { return static_cast<std::size_t>(outputs()) * inputs; }
    std::size_t offset(int k, int c) const {
        return (static_cast<std::size_t>(c / blocks.panel) * inputs + k) * blocks.panel + c % blocks.panel;
    }
    FloatView<3> view(const float *values) const {
        return FloatView<3>(values, {blocks.panel, inputs, panels});
    }
};

// What a library says of its own blocks.
inline Layout blocks_of(const CalledKernel &layout) {
    int sizes[4] = {};
    layout(BufferView<1>(sizes, halide_type_of<std::int32_t>(), {4}));
    return {sizes[0], sizes[1], sizes[2], sizes[3]};
}

// A vector of channels, followed by zeros to a whole panel.
inline std::vector<float> padded(const Layout &blocks, std::vector<float> values) {
    values.resize(round_up(static_cast<int>(values.size()), blocks.panel));
    return values;
}

}  // namespace vit::cases
