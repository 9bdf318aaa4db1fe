// The tensors of a checkpoint, in one safetensors file or several, and the taking of them by name
// and shape.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/files.h"
#include "checkpoint/tensor.h"
#include "error.h"
#include "checkpoint/safetensors.h"

namespace vit {

// What a layout's reader takes its tensors from. Everything that is taken has one of the types of DType,
// the expected shape and only finite values; what nobody took is found by check_all_taken.
class TensorFiles {
public:
    // model.safetensors, or the shards that model.safetensors.index.json lists: plain file names, which hold
    // exactly the tensors that the index says. Errors: io, format, tensor, unsupported.
    static Result<TensorFiles> open(const Files &files);

    // The tensor of this name and shape. Errors: tensor.
    Result<Tensor> take(const std::string &name, const std::vector<std::int64_t> &shape);
    // Null if there is no tensor of this name.
    const StoredTensor *find(std::string_view name) const;
    const StoredTensors &tensors() const { return tensors_; }
    // The file that says what tensors there are, for messages.
    const std::string &file() const { return file_; }

    // Fails if there is a tensor that was not taken and that ignorable(name) does not hold for. Errors:
    // tensor.
    Result<void> check_all_taken(bool (*ignorable)(std::string_view name)) const;

    // What keeps the tensors' bytes.
    const std::vector<std::shared_ptr<const void>> &storage() const { return storage_; }

private:
    Result<void> add(const Files &files, std::string_view file, StoredTensors &tensors);
    Result<void> add_shards(const Files &files, std::string_view index_file);

    std::string file_;
    bool mapped_ = false;
    StoredTensors tensors_;
    std::set<std::string, std::less<>> taken_;
    std::vector<std::shared_ptr<const void>> storage_;
};

}  // namespace vit
