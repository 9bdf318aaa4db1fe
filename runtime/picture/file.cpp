#include "picture/file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "printable.h"

namespace vit {

namespace {

constexpr std::size_t first_bytes = std::size_t{1} << 16;

tl::unexpected<Error> io_error(const std::string &path, const char *what, int number) {
    return fail(code_of(number),
                printable_path(path) + ": " + what + ": " + std::generic_category().message(number));
}

}  // namespace

PictureFile::PictureFile(std::string path, int descriptor, std::size_t size)
    : path_(std::move(path)), descriptor_(descriptor), size_(size) {}

PictureFile::PictureFile(PictureFile &&other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_),
      read_(std::exchange(other.read_, 0)), data_(std::move(other.data_)) {}

PictureFile::~PictureFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<PictureFile> PictureFile::open(const std::string &path) {
    std::string own_path = path;
    // O_NONBLOCK: a pipe with no writer would otherwise block here, before fstat can tell what it is.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return io_error(path, "cannot be opened", errno);
    PictureFile file(std::move(own_path), descriptor, 0);
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return io_error(path, "cannot be read", errno);
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::io, printable_path(path) + ": is not a regular file");
    }
    file.size_ = static_cast<std::size_t>(status.st_size);
    if (file.size_ > max_picture_file) {
        return fail(ErrorCode::unsupported, printable_path(path) + ": has " + std::to_string(file.size_) +
                                                " bytes, more than " + std::to_string(max_picture_file));
    }
    file.data_.reset(new (std::nothrow) std::uint8_t[file.size_]);
    if (!file.data_) {
        return fail(ErrorCode::memory, printable_path(path) + ": is too large for the memory there is");
    }
    VIT_TRY(file.read_up_to(std::min(file.size_, first_bytes)));
    return file;
}

Result<void> PictureFile::read_all() {
    return read_up_to(size_);
}

Result<void> PictureFile::read_up_to(std::size_t end) {
    while (read_ < end) {
        const ssize_t length = ::read(descriptor_, data_.get() + read_, end - read_);
        if (length == 0) {
            size_ = read_;  // it has been shortened
            break;
        }
        if (length > 0) {
            read_ += static_cast<std::size_t>(length);
        } else if (errno != EINTR) {
            return io_error(path_, "cannot be read", errno);
        }
    }
    return {};
}

}  // namespace vit
