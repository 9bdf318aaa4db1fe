#include "checkpoint/mapped_file.h"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "printable.h"

namespace vit {

namespace {

tl::unexpected<Error> io_error(const std::string &path, const char *what, int number) {
    return fail(ErrorCode::io,
                printable_path(path) + ": " + what + ": " + std::generic_category().message(number));
}

class FileDescriptor {
public:
    explicit FileDescriptor(int value) : value(value) {}
    FileDescriptor(const FileDescriptor &) = delete;
    FileDescriptor &operator=(const FileDescriptor &) = delete;
    ~FileDescriptor() {
        if (value >= 0) ::close(value);
    }
    const int value;
};

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string &path) {
    // O_NONBLOCK: a pipe with no writer would otherwise block here, before fstat can tell what it is.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.value < 0) return io_error(path, "cannot be opened", errno);
    struct stat status {};
    if (::fstat(file.value, &status) != 0) return io_error(path, "cannot be read", errno);
    if (!S_ISREG(status.st_mode))
        return fail(ErrorCode::io, printable_path(path) + ": is not a regular file");

    const auto size = static_cast<std::size_t>(status.st_size);
    const std::byte *data = nullptr;
    if (size > 0) {  // nothing cannot be mapped
        void *mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value, 0);
        if (mapped == MAP_FAILED) return io_error(path, "cannot be mapped", errno);
        data = static_cast<const std::byte *>(mapped);
    }
    return std::shared_ptr<const MappedFile>(new MappedFile(data, size));
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
