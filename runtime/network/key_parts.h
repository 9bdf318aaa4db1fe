// What attention on a device (generators/attention_parts.h) is asked for, so that it gets by with the memory
// that the work items of a group share: 48 KiB on every GPU.
#pragma once

namespace vit {

// Keys of a part at most: the scores of a tile of queries, and their weights, take 24 KiB then. With tiles
// of 8, which have 384, ViT at 224 pixels has one part, of 197 keys, or 257 with patches of 14 pixels.
constexpr int most_keys_of_part(int token_tile) { return 3072 / token_tile; }

// Channels of a head at most: the sums of their values, by 4 items that share the keys, take 20 KiB.
constexpr int most_head_channels(int token_tile) { return 1280 / token_tile; }

}  // namespace vit
