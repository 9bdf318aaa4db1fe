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

Result<Checkpoint> read_checkpoint(const std::string &directory, ProgressPart progress) {
    VIT_TRY(check_directory(directory));
    return read_checkpoint(DirectoryFiles(directory), directory_name(directory), progress);
}

Result<Checkpoint> read_checkpoint(const Files &all, const std::string &name, ProgressPart progress) {
    VIT_TRY_ASSIGN(CheckpointDirectory directory, CheckpointDirectory::open(all));
    Checkpoint checkpoint;
    checkpoint.architecture.name = name;
    for (const Ecosystem &ecosystem : ecosystems()) {
        VIT_TRY_ASSIGN(const bool recognised, ecosystem.recognises(directory));
        if (!recognised) continue;
        VIT_TRY_ASSIGN(const Naming naming, ecosystem.describe(directory, checkpoint));
        VIT_TRY_ASSIGN(TensorFiles *files, directory.tensors());
        VIT_TRY(read_tensors(*files, naming, checkpoint, progress));
        checkpoint.storage = files->storage();
        return checkpoint;
    }
    return fail(ErrorCode::unsupported, printable_path(all.name()) + ": nobody's naming is recognised");
}

Result<CheckpointDirectory> CheckpointDirectory::open(const Files &files) {
    CheckpointDirectory directory;
    directory.files_ = &files;
    if (files.has("config.json")) {
        VIT_TRY_ASSIGN(directory.config_, read_json(files, "config.json"));
    }
    return directory;
}

Result<TensorFiles *> CheckpointDirectory::tensors() {
    if (!tensors_) {
        VIT_TRY_ASSIGN(tensors_, TensorFiles::open(*files_));
    }
    return &*tensors_;
}

}  // namespace vit
