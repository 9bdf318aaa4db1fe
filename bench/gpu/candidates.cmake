# What is raced: rows of blocks (lanes, token_tile, panel) and of values of a stage's tunables. A row of
# linear stands for qkv, proj, fc1 and fc2, with the epilogue of each.
#
# Chosen by what ptxas 13.5 makes of them for compute capability 9.0: every load of the inner loop 128 bits
# wide (four lanes, or eight and twelve as so many fours), and no spill, but for 40 bytes of the last row.
# FFMA for each such load, and registers, a chunk of k at a time:
#   4, 8, 32    12.8 to 1, 96       a line of x is a chunk of a tile: its tokens take one line of L1
#   8, 8, 64    16 to 1, 216        twice as many accumulators
#   8, 12, 64   19 to 1, 255        204 tokens for 197
#   12, 8, 96   19 to 1, 255        heads of 72 for 64
#   8, 16, 64   21 to 1, 255        all the registers there are: 8 warps on a multiprocessor
# For one image, 197 tokens, items are few: proj and fc2 have 4,800 of 8 x 4, and 132 multiprocessors want at
# least 16,896. So k falls into parts.
# Raced before, fc1 on an H200 at 64 images, and slower by 8 to 36 % than the best: wider panels (128), so
# that a warp shares one tile; 16 x 4 and 12 x 4 accumulators; groups of 16 tiles; four chunks without a
# branch.
set(gpu_linear
    "4 8 32  group_tiles=1 k_parts=8"
    "4 8 32  group_tiles=2 k_parts=4"
    "4 8 32  group_panels=2 group_tiles=8"
    "8 8 64  group_tiles=1 k_parts=8"
    "8 8 64  group_tiles=2 k_parts=4"
    "8 8 64  group_tiles=8 chunk_unroll=2"
    "8 12 64 group_tiles=1 k_parts=8"
    "8 12 64 group_tiles=2 k_parts=4"
    "8 12 64 group_tiles=8 chunk_unroll=2"
    "12 8 96 group_tiles=1 k_parts=8"
    "12 8 96 group_tiles=8"
    "8 16 64 group_tiles=8 chunk_unroll=2")
set(gpu_attention
    "4 8 32  key_items=4"
    "4 8 32  key_items=2"
    "8 8 64  key_items=4"
    "8 12 64 key_items=4"
    "12 8 96 key_items=4"
    "8 16 64 key_items=4")
