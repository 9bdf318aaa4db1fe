#include "checkpoint/files.h"

#include <system_error>

#include "printable.h"

namespace vit {

std::string Files::path(std::string_view file) const { return join_path(name_, file); }

bool DirectoryFiles::has(std::string_view file) const { return path_exists(path(file)); }

Result<Files::Contents> DirectoryFiles::open(std::string_view file) const {
    VIT_TRY_ASSIGN(std::shared_ptr<const MappedFile> mapped, MappedFile::open(path(file)));
    const Bytes bytes = mapped->bytes();
    return Contents{bytes, std::move(mapped)};
}

const NamedBytes *MemoryFiles::find(std::string_view file) const {
    for (const NamedBytes &its : files_) {
        if (its.name == file) return &its;
    }
    return nullptr;
}

// The sentence is the operating system's, so that a program may treat both kinds of files alike.
Result<Files::Contents> MemoryFiles::open(std::string_view file) const {
    const NamedBytes *found = find(file);
    if (!found) {
        const std::string why = std::make_error_code(std::errc::no_such_file_or_directory).message();
        return fail(ErrorCode::io, printable_path(path(file)) + ": cannot be opened: " + why);
    }
    return Contents{Bytes(static_cast<const std::byte *>(found->data), found->size), nullptr};
}

}  // namespace vit
