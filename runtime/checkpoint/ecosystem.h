// Who publishes checkpoints, and how each of them is told and read: runtime/checkpoint/namings/<name>.cpp, a
// row in ecosystems().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/json.h"
#include "checkpoint/naming.h"
#include "checkpoint/tensor_files.h"

namespace vit {

// What lies beside each other in a checkpoint, opened when it is asked for.
class CheckpointDirectory {
public:
    // The files have to outlive it. Errors: format, if config.json is no JSON.
    static Result<CheckpointDirectory> open(const Files &files);

    const Files &files() const { return *files_; }
    std::string config_path() const { return files_->path("config.json"); }
    // config.json; null if there is none.
    const Json *config() const { return config_ ? &config_->root() : nullptr; }
    // Errors: as TensorFiles::open.
    Result<TensorFiles *> tensors();

private:
    const Files *files_ = nullptr;
    std::optional<JsonDocument> config_;
    std::optional<TensorFiles> tensors_;
};

struct Ecosystem {
    const char *name;  // "timm"
    // Whether the directory is one of its checkpoints; told by what only they have. Errors: as tensors().
    Result<bool> (*recognises)(CheckpointDirectory &directory);
    // Fills in architecture, preprocessing and labels, and says how the tensors are called; they are read
    // afterwards (read_tensors). Errors: io, format, config, tensor, unsupported.
    Result<Naming> (*describe)(CheckpointDirectory &directory, Checkpoint &checkpoint);
};

// In the order in which they are asked. The last takes what no other recognises, so that its sentences say
// what is wrong.
const std::vector<Ecosystem> &ecosystems();

}  // namespace vit
