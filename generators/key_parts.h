// What attention on a device (generators/attention_parts.h) asks of the memory that the work items of a group
// share, of which every GPU has 48 KiB. Without Halide: the runtime has to know, too.
#pragma once

namespace vit {

// Keys of a part at most: the scores of a tile of queries, and their weights, take 20 KiB then. With tiles of
// 8, which have 320, ViT at 224 pixels has one part, of 197 keys, or 257 with patches of 14 pixels.
constexpr int most_keys_of_part(int token_tile) { return 2560 / token_tile; }

// Items that share the keys of a tile at most; and channels of a head, whose sums by these take 25 KiB.
inline constexpr int most_key_items = 4;
constexpr int most_head_channels(int token_tile) { return 1600 / token_tile; }

}  // namespace vit
