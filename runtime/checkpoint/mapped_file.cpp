#include "checkpoint/mapped_file.h"

#include <cerrno>
#include <cstdint>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "checkpoint/regular_file.h"
#include "printable.h"

namespace vit {

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string &path) {
    VIT_TRY_ASSIGN(const RegularFile file, RegularFile::open(path));
    const std::shared_ptr<MappedFile> its(new MappedFile);
    if (file.size() > 0) {  // nothing cannot be mapped
        void *mapped = ::mmap(nullptr, file.size(), PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
        if (mapped == MAP_FAILED) {
            const int number = errno;
            return fail(code_of(number), printable_path(path) + ": cannot be mapped: " +
                                             std::generic_category().message(number));
        }
        its->data_ = static_cast<const std::byte *>(mapped);
        its->size_ = file.size();
    }
    return its;
}

MappedFile::~MappedFile() {
    if (data_) ::munmap(const_cast<std::byte *>(data_), size_);
}

void release_pages(Bytes bytes) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<std::uintptr_t>(bytes.data()) + page - 1) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(bytes.data() + bytes.size()) / page * page;
    if (begin < end) ::madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

bool path_exists(const std::string &path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace vit
