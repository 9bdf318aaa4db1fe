#include "checkpoint/checkpoint.h"

#include <filesystem>
#include <system_error>

#include "checkpoint/ecosystem.h"
#include "printable.h"

namespace vit {

namespace {

namespace fs = std::filesystem;

Result<void> check_directory(const std::string &directory) {
    std::error_code error;
    const fs::file_status status = fs::status(directory, error);
    if (status.type() == fs::file_type::directory) return {};
    const std::string path = directory.empty() ? "''" : printable_path(directory);
    if (status.type() == fs::file_type::not_found) return fail(ErrorCode::io, path + ": no such directory");
    if (error) return fail(ErrorCode::io, path + ": cannot be read: " + error.message());
    return fail(ErrorCode::io,
                path + ": is not a directory; a model is a directory with config.json in it");
}

// The last part of the path, also of "." and "models/vit/".
std::string directory_name(const std::string &directory) {
    std::error_code error;
    const fs::path path = fs::weakly_canonical(directory, error);
    fs::path name = path.filename();
    if (name.empty()) name = path.parent_path().filename();
    return error || name.empty() ? directory : name.string();
}

}  // namespace

Result<Checkpoint> read_checkpoint(const std::string &path) {
    VIT_TRY_ASSIGN(CheckpointDirectory directory, CheckpointDirectory::open(path));
    Checkpoint checkpoint;
    checkpoint.architecture.name = directory_name(path);
    for (const Ecosystem &ecosystem : ecosystems()) {
        VIT_TRY_ASSIGN(const bool recognised, ecosystem.recognises(directory));
        if (!recognised) continue;
        VIT_TRY_ASSIGN(const Naming naming, ecosystem.describe(directory, checkpoint));
        VIT_TRY_ASSIGN(TensorFiles *files, directory.tensors());
        VIT_TRY(read_tensors(*files, naming, checkpoint));
        checkpoint.storage = files->storage();
        return checkpoint;
    }
    return fail(ErrorCode::unsupported, printable_path(path) + ": nobody's naming is recognised");
}

Result<CheckpointDirectory> CheckpointDirectory::open(const std::string &path) {
    VIT_TRY(check_directory(path));
    CheckpointDirectory directory;
    directory.path_ = path;
    if (path_exists(directory.config_path())) {
        VIT_TRY_ASSIGN(directory.config_, read_json(directory.config_path()));
    }
    return directory;
}

std::string CheckpointDirectory::config_path() const { return join_path(path_, "config.json"); }

Result<TensorFiles *> CheckpointDirectory::tensors() {
    if (!tensors_) {
        VIT_TRY_ASSIGN(tensors_, TensorFiles::open(path_));
    }
    return &*tensors_;
}

}  // namespace vit
