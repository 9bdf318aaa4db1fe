// Who publishes checkpoints, and how each of them is told and read: runtime/checkpoint/namings/<name>.cpp, a
// row in ecosystems().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/json.h"
#include "checkpoint/naming.h"
#include "checkpoint/tensor_files.h"

namespace vit {

// A checkpoint's directory, whose files are opened when they are asked for.
class CheckpointDirectory {
public:
    // Errors: io, if it is none; format, if its config.json is no JSON.
    static Result<CheckpointDirectory> open(const std::string &path);

    const std::string &path() const { return path_; }
    std::string config_path() const;
    // config.json; null if there is none.
    const Json *config() const { return config_ ? &config_->root() : nullptr; }
    // Errors: as TensorFiles::open.
    Result<TensorFiles *> tensors();

private:
    std::string path_;
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
