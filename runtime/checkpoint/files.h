// The files of a checkpoint, wherever they lie.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/mapped_file.h"
#include "error.h"

namespace vit {

class Files {
public:
    // The whole of a file, and what keeps it; null where somebody else does.
    struct Contents {
        Bytes bytes;
        std::shared_ptr<const void> storage;
    };

    Files(const Files &) = delete;
    Files &operator=(const Files &) = delete;
    virtual ~Files() = default;

    // Of all of them together, and of one, as sentences call it: "models/vit", "models/vit/config.json".
    const std::string &name() const { return name_; }
    std::string path(std::string_view file) const;

    // Whether something has this name: it may be no file.
    virtual bool has(std::string_view file) const = 0;
    // Errors: io.
    virtual Result<Contents> open(std::string_view file) const = 0;
    // Whether contents are mapped from a disk: their pages can be released, and are then read again.
    virtual bool are_mapped() const = 0;

protected:
    explicit Files(std::string name) : name_(std::move(name)) {}

private:
    const std::string name_;
};

class DirectoryFiles : public Files {
public:
    explicit DirectoryFiles(std::string path) : Files(std::move(path)) {}

    bool has(std::string_view file) const override;
    Result<Contents> open(std::string_view file) const override;
    bool are_mapped() const override { return true; }
};

// An app's own, which have to outlive what is read from them.
class MemoryFiles : public Files {
public:
    MemoryFiles(const std::vector<NamedBytes> &files, std::string name)
        : Files(std::move(name)), files_(files) {}

    bool has(std::string_view file) const override { return find(file) != nullptr; }
    Result<Contents> open(std::string_view file) const override;
    bool are_mapped() const override { return false; }

private:
    const NamedBytes *find(std::string_view file) const;

    const std::vector<NamedBytes> &files_;
};

}  // namespace vit
