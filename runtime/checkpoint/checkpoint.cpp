#include "checkpoint/checkpoint.h"

#include <filesystem>
#include <new>
#include <system_error>

#include "checkpoint/checkpoint_hf_vit.h"
#include "checkpoint/config.h"
#include "checkpoint/json.h"
#include "preprocess/preprocessing_config.h"
#include "printable.h"
#include "checkpoint/tensor_files.h"

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

Result<Checkpoint> read(const std::string &directory) {
    VIT_TRY(check_directory(directory));
    const std::string config_path = join_path(directory, "config.json");
    VIT_TRY_ASSIGN(const Json json, read_json(config_path));
    VIT_TRY_ASSIGN(Config config, read_config(json, config_path));

    Checkpoint checkpoint;
    checkpoint.architecture = std::move(config.architecture);
    checkpoint.architecture.name = directory_name(directory);
    checkpoint.labels = std::move(config.labels);
    if (const int channels = checkpoint.architecture.channels; channels != 3) {
        return fail(ErrorCode::unsupported, printable_path(config_path) + ": num_channels is " +
                                                std::to_string(channels) +
                                                ", but pictures have three: red, green and blue");
    }
    VIT_TRY_ASSIGN(checkpoint.preprocessing, read_preprocessing(directory, checkpoint.architecture));

    VIT_TRY_ASSIGN(TensorFiles files, TensorFiles::open(directory));
    VIT_TRY(read_hf_vit(files, checkpoint));
    checkpoint.storage = files.storage();
    return checkpoint;
}

}  // namespace

Result<Checkpoint> read_checkpoint(const std::string &directory) {
    try {
        return read(directory);
    } catch (const std::bad_alloc &) {
        return fail(ErrorCode::memory,
                    printable_path(directory) + ": not enough memory to read the checkpoint");
    } catch (const std::exception &exception) {
        return fail(ErrorCode::format,
                    printable_path(directory) + ": cannot be read: " + printable(exception.what()));
    }
}

}  // namespace vit
