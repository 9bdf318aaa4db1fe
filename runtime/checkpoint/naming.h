// What an ecosystem calls the tensors of a Vision Transformer, and the one reader of all of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/tensor_files.h"
#include "network/slots.h"

namespace vit {

// Where a slot lies in a file: {Slot::key_weight, "blocks.{}.attn.qkv.weight", {1, 3}} is the second third
// of the rows of that tensor.
struct SlotName {
    struct Part {
        int index = 0, of = 1;  // equal parts of the outermost dimension
    };

    Slot slot;
    std::string name;  // "{}" stands for the number of the block
    Part part = {};
    int ones = 0;    // dimensions of one that the file has in front of the slot's
    int index = -1;  // of the slot, if it is the only one with this name: which classifier
};

struct Naming {
    std::vector<SlotName> slots;
    std::string block;  // what the names of a block's tensors begin with, before its number: "blocks."
    // For the sentences about another depth or number of positions than the tensors have, or biases where
    // there should be none: what says so.
    std::string depth_from, positions_from, biases_from;
    // What other uses of the same network leave in a file.
    bool (*ignorable)(std::string_view name);
};

// One more than the largest block's number, or a little more than any sensible number of blocks; 0 if no
// name begins so.
int count_blocks(const StoredTensors &tensors, std::string_view prefix);

// Takes every tensor that checkpoint.architecture calls for, and refuses others: one that is missing, of
// another shape, left over, not finite. Errors: tensor, unsupported, cancelled.
Result<void> read_tensors(TensorFiles &files, const Naming &naming, Checkpoint &checkpoint,
                          ProgressPart progress = {});

}  // namespace vit
