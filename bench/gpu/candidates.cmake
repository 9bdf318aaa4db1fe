# What is raced: rows of a stage, its blocks (lanes, token_tile, panel) and the values of its tunables. For
# qkv, proj, fc1 and fc2 each row stands for all four, with the epilogue of each.
#
# Chosen by what ptxas 13.5 makes of them for compute capability 9.0: no spill, and every load of the inner
# loop 128 bits wide (four lanes, or eight as twice four). FFMA for each such load, and registers:
#   4, 8, 32    12.8 to 1, 96       a line of x is a chunk of a tile: its tokens take one line of L1
#   8, 8, 64    16 to 1, 214        twice as many accumulators
#   4, 16, 64   16 to 1, 162        as many, more of them tokens: 208 for 197
#   8, 16, 64   21 to 1, 255        all the registers there are: 8 warps on a multiprocessor
# For one image, 197 tokens, items are few: proj and fc2 have 4,800 of 8 x 4, and 132 multiprocessors want at
# least 16,896. So k falls into parts.
set(gpu_linear
    # 1 image
    "4 8 32  group_tiles=1 k_parts=8"
    "4 8 32  group_tiles=2 k_parts=4"
    "4 8 32  group_tiles=4 k_parts=4 chunk_unroll=2"
    "4 4 32  group_tiles=4 k_parts=4"
    "8 8 64  group_tiles=1 k_parts=8"
    "8 8 64  group_tiles=2 k_parts=4"
    "8 8 64  group_tiles=4 k_parts=2"
    # 64 images
    "4 8 32  group_tiles=8"
    "4 8 32  group_tiles=16 chunk_unroll=2"
    "4 8 32  group_panels=2 group_tiles=8"
    "8 8 64  group_tiles=8"
    "8 8 64  group_tiles=16"
    "8 8 64  group_tiles=8 chunk_unroll=2"
    "4 16 64 group_tiles=8"
    "8 16 64 group_tiles=8"
    "8 16 64 group_tiles=16")
set(gpu_attention
    "4 8 32  key_items=4"
    "4 8 32  key_items=2"
    "8 8 64  key_items=4"
    "8 8 64  key_items=2"
    "4 16 64 key_items=4"
    "8 16 64 key_items=4"
    "4 4 32  key_items=4")
