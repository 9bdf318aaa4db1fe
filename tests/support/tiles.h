// The blocks of generators/layout.h by plain loops, on the tests' own terms: row-major matrices in and out.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

namespace vit::test {

struct Blocks {
    int lanes, token_tile, panel;
};

inline int divide_up(int n, int block) { return (n + block - 1) / block; }

inline int round_up(int n, int block) { return divide_up(n, block) * block; }

// What a token matrix holds where nothing must look: finite, and far too large to go unnoticed.
inline constexpr float garbage = -12345.0f;

// Memory for a kernel, with a guard on either side: what is written there fails the test, what is read from
// there is NaN.
class Floats {
public:
    explicit Floats(std::size_t count, float value = NAN)
        : count_(count),
          all_(count + 2 * guard, value) {
        std::fill_n(all_.begin(), guard, NAN);
        std::fill_n(all_.end() - guard, guard, NAN);
    }
    explicit Floats(const std::vector<float> &values)
        : Floats(values.size()) {
        std::copy(values.begin(), values.end(), data());
    }
    Floats(const Floats &) = delete;
    Floats &operator=(const Floats &) = delete;
    ~Floats() {
        for (std::size_t i = 0; i < guard; i++) {
            EXPECT_TRUE(std::isnan(all_[i])) << "written " << guard - i << " values before a buffer";
            EXPECT_TRUE(std::isnan(all_[guard + count_ + i])) << "written " << i << " values past a buffer";
        }
    }

    float *data() { return all_.data() + guard; }
    const float *data() const { return all_.data() + guard; }
    std::size_t size() const { return count_; }
    float &operator[](std::size_t i) { return all_[guard + i]; }
    float operator[](std::size_t i) const { return all_[guard + i]; }

private:
    static constexpr std::size_t guard = 4096;  // more than a panel of keys
    std::size_t count_;
    std::vector<float> all_;
};

// A token matrix of `batch` images, float32 [ci, ti, chunk, tile, b]; every image starts at a whole tile.
struct Tiles {
    Blocks blocks;
    int tokens, channels, batch;  // before padding
    int tiles, chunks;            // of an image; in a tile
    Floats values;

    // Channels are padded to whole panels, unless the caller has its own idea of the number of chunks.
    Tiles(const Blocks &blocks, int tokens, int channels, int batch, int padded_channels = 0)
        : blocks(blocks),
          tokens(tokens),
          channels(channels),
          batch(batch),
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

    // Every value, pads included, must be finite: a later product takes zero times it for zero.
    void expect_finite() const {
        std::size_t bad = 0;
        for (std::size_t i = 0; i < values.size(); i++) bad += !std::isfinite(values[i]);
        EXPECT_EQ(bad, 0u) << "values of " << values.size() << " are not finite, or were never written";
    }

    // The pads of channels in true tokens must be zero.
    void expect_zero_channel_pads() const {
        for (int b = 0; b < batch; b++) {
            for (int t = 0; t < tokens; t++) {
                for (int c = channels; c < padded_channels(); c++) {
                    ASSERT_EQ(at(b, t, c), 0.0f) << "pad (" << c << ", " << t << ", " << b << ")";
                }
            }
        }
    }
};

// A weight matrix, float32 [c in panel, k, panel]. All that is not set is a pad, which is zero.
struct Panels {
    Blocks blocks;
    int inputs, panels;  // k of a panel, pads included
    Floats values;

    Panels(const Blocks &blocks, int padded_inputs, int outputs)
        : blocks(blocks),
          inputs(padded_inputs),
          panels(divide_up(outputs, blocks.panel)),
          values(static_cast<std::size_t>(panels) * inputs * blocks.panel, 0.0f) {}

    // From rows [outputs][inputs], the inputs padded to whole panels.
    Panels(const Blocks &blocks, const std::vector<float> &rows, int inputs, int outputs)
        : Panels(blocks, round_up(inputs, blocks.panel), outputs) {
        for (int c = 0; c < outputs; c++) {
            for (int k = 0; k < inputs; k++) at(k, c) = rows[static_cast<std::size_t>(c) * inputs + k];
        }
    }

    float &at(int k, int c) {
        return values[(static_cast<std::size_t>(c / blocks.panel) * inputs + k) * blocks.panel +
                      c % blocks.panel];
    }
    int outputs() const { return panels * blocks.panel; }
};

// A vector of channels, followed by zeros to a whole panel.
inline std::vector<float> padded(const Blocks &blocks, std::vector<float> values) {
    values.resize(round_up(static_cast<int>(values.size()), blocks.panel));
    return values;
}

}  // namespace vit::test
