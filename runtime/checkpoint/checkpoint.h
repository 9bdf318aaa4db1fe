// The canonical form that every checkpoint is read into, whatever its ecosystem: views into mapped files,
// nothing converted or copied.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/files.h"
#include "checkpoint/tensor.h"
#include "error.h"
#include "network/slots.h"
#include "preprocess/preprocessing.h"
#include "progress.h"
#include "vit/vit.h"

namespace vit {

struct Checkpoint {
    Architecture architecture;
    Preprocessing preprocessing;
    std::vector<std::string> labels;  // architecture.labels of them

    // By slot and index, all that for_each_slot visits, in its shapes.
    std::map<std::pair<Slot, int>, Tensor> tensors;
    std::vector<std::shared_ptr<const void>> storage;  // keeps the mapped files alive

    // Absent, if the architecture has no such slot.
    const Tensor &tensor(Slot slot, int index = 0) const {
        static const Tensor absent;
        const auto at = tensors.find({slot, index});
        return at == tensors.end() ? absent : at->second;
    }
};

// Reads a directory of any known ecosystem (checkpoint/namings/). Every shape and every value is checked:
// what comes back can be packed blindly. Its name is that of the directory.
Result<Checkpoint> read_checkpoint(const std::string &directory, ProgressPart progress = {});
// The same of files that lie elsewhere, which have to outlive the checkpoint.
Result<Checkpoint> read_checkpoint(const Files &files, const std::string &name, ProgressPart progress = {});

}  // namespace vit
