// The sizes of everything a forward pass touches, padded to a backend's blocks (generators/layout.h), in
// values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "generators/layout.h"
#include "network/fixed_matrix.h"
#include "network/key_parts.h"
#include "network/slots.h"
#include "vit/vit.h"

namespace vit {

// Whether the classifier sees single tokens, the first of an image, and nothing else.
inline bool reads_first_tokens(const Architecture &a, int token_tile) {
    int tokens = 0;
    for (const Feature feature : a.pooling.features) {
        const int at = feature == Feature::class_token          ? 0
                       : feature == Feature::distillation_token ? a.prefix.class_token
                                                                : -1;
        if (at != tokens++) return false;
    }
    return tokens <= token_tile;
}

struct Geometry {
    Geometry(const Architecture &a, const Layout &its_blocks, Precision its_precision = Precision::f32)
        : blocks(its_blocks),
          precision(its_precision),
          fixed{precision, blocks},
          prefix(a.prefix.tokens()),
          tokens(a.tokens()),
          tiles(divide_up(tokens, blocks.token_tile)),
          width(whole_panels(a.width)),
          mlp_width(fixed ? fixed.whole_groups(a.mlp_width, fixed.most_of_mlp())
                          : whole_panels(a.mlp_width)),
          fc1_outputs(is_gated(a.activation) ? 2 * mlp_width : mlp_width),
          labels(whole_panels(a.labels)),
          reads_first_tile(reads_first_tokens(a, blocks.token_tile)),
          features(static_cast<int>(a.pooling.features.size())),
          feature_tiles(divide_up(features, blocks.token_tile)),
          heads(a.heads),
          head_chunks(divide_up(a.head_size(), blocks.lanes)),
          attention_width(whole_panels(a.heads * head_chunks * blocks.lanes)),
          patch_chunks(divide_up(a.patch_width, blocks.lanes)),
          patch_values(a.channels * a.patch_height * patch_chunks * blocks.lanes) {}

    static int divide_up(int n, int block) { return (n + block - 1) / block; }
    int whole_panels(int channels) const { return divide_up(channels, blocks.panel) * blocks.panel; }
    int chunks(int channels) const { return channels / blocks.lanes; }
    int panels(int channels) const { return channels / blocks.panel; }
    // The groups of what fixed-point products read: of x normalized, context and hidden.
    Groups groups_of_width() const { return fixed.groups_of(width, fixed.most_of_norm()); }
    Groups groups_of_context() const { return {head_chunks, heads}; }
    Groups groups_of_mlp() const { return fixed.groups_of(mlp_width, fixed.most_of_mlp()); }
    // A token matrix [ci, ti, chunk, tile] of one image.
    std::size_t token_matrix(int channels) const { return matrix_of(tiles, channels); }
    // One of the pooled features, each of which lies as a token.
    std::size_t feature_matrix() const { return matrix_of(feature_tiles, width); }

    // What attention lays out on a device (generators/attention_parts.h), for each head and image: keys
    // [s in panel, d, panel], values [d, s] and, if they are more than one part, mixtures
    // [ci, ti, chunk, tile, p].
    int key_panels() const { return divide_up(tokens, blocks.panel); }
    std::size_t keys_of_image() const {
        return static_cast<std::size_t>(heads) * key_panels() * blocks.panel * head_chunks * blocks.lanes;
    }
    std::size_t values_of_image() const {
        return static_cast<std::size_t>(heads) * tokens * head_chunks * blocks.lanes;
    }
    int key_parts() const {
        return divide_up(key_panels(), most_keys_of_part(blocks.token_tile) / blocks.panel);
    }
    std::size_t mixtures_of_image() const {
        return key_parts() == 1 ? 0
                                : static_cast<std::size_t>(heads) * key_parts() * tiles * blocks.token_tile *
                                      (head_chunks + 2) * blocks.lanes;
    }

    Layout blocks;
    Precision precision;  // of the blocks' linear layers
    FixedMatrices fixed;  // if that is one of them
    int prefix;           // tokens before the patches
    int tokens;           // N + 1, not padded
    int tiles;            // of an image
    int width;            // D
    int mlp_width;
    int fc1_outputs;      // twice as many where a gate is made, too
    int labels;           // K
    bool reads_first_tile;  // the classifier sees tokens of an image's first tile and no others
    int features;         // that the classifier sees
    int feature_tiles;
    int heads;
    int head_chunks;      // a head's D_h channels start at a whole chunk
    int attention_width;  // all heads side by side: of q, of k, of v and of the context
    int patch_chunks;     // of a row of a patch
    int patch_values;     // k of patch_embed

private:
    std::size_t matrix_of(int tiles_of_it, int channels) const {
        return static_cast<std::size_t>(tiles_of_it) * blocks.token_tile * channels;
    }
};

}  // namespace vit
