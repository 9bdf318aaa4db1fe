#include "checkpoint/regular_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "printable.h"

namespace vit {

namespace {

tl::unexpected<Error> io_error(const std::string &path, const char *what, int number) {
    return fail(code_of(number),
                printable_path(path) + ": " + what + ": " + std::generic_category().message(number));
}

}  // namespace

Result<RegularFile> RegularFile::open(const std::string &path) {
    RegularFile file(path);
    // O_NONBLOCK: a pipe with no writer would otherwise block here, before fstat can tell what it is.
    file.descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file.descriptor_ < 0) return io_error(path, "cannot be opened", errno);
    struct stat status {};
    if (::fstat(file.descriptor_, &status) != 0) return io_error(path, "cannot be read", errno);
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::io, printable_path(path) + ": is not a regular file");
    }
    if (static_cast<std::uintmax_t>(status.st_size) > std::numeric_limits<std::size_t>::max()) {
        return io_error(path, "cannot be read", EFBIG);
    }
    file.size_ = static_cast<std::size_t>(status.st_size);
    return file;
}

RegularFile::~RegularFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> RegularFile::read(std::size_t offset, std::span<std::byte> to) const {
    constexpr std::size_t most_at_once = std::size_t{1} << 30;
    while (!to.empty()) {
        const ssize_t count =
            ::pread(descriptor_, to.data(), std::min(to.size(), most_at_once), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return io_error(path_, "cannot be read", errno);
        if (count == 0) {
            return fail(ErrorCode::io, printable_path(path_) + ": became shorter while it was read");
        }
        offset += static_cast<std::size_t>(count);
        to = to.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

}  // namespace vit
