#include "checkpoint/replacement.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "printable.h"

namespace vit {

namespace {

// "model.vit.1234-0": a process and one of its writers.
std::string beside(const std::string &target) {
    static std::atomic<unsigned> writers{0};
    return target + "." + std::to_string(::getpid()) + "-" + std::to_string(writers++);
}

}  // namespace

tl::unexpected<Error> Replacement::error(int number) const {
    return fail(code_of(number), printable_path(path_) +
                                     ": cannot be written: " + std::generic_category().message(number));
}

Result<Replacement> Replacement::begin(const std::string &path) {
    Replacement replacement(path, path);
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) {
        const std::unique_ptr<char, decltype(&std::free)> target(::realpath(path.c_str(), nullptr),
                                                                 std::free);
        if (!target || ::stat(target.get(), &status) != 0) return replacement.error(errno);
        if (!S_ISREG(status.st_mode)) {
            return fail(ErrorCode::io, printable_path(path) +
                                           ": cannot be written: it exists and is not a regular file");
        }
        replacement.target_ = target.get();
    }
    // O_EXCL follows no link, and makes no use of what another has left.
    for (int attempts = 0; attempts < 100; attempts++) {
        replacement.temporary_ = beside(replacement.target_);
        replacement.descriptor_ =
            ::open(replacement.temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (replacement.descriptor_ >= 0) return replacement;
        if (errno != EEXIST) break;
    }
    const int number = errno;
    replacement.temporary_.clear();
    return replacement.error(number);
}

Replacement::~Replacement() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> Replacement::write(std::span<const std::byte> bytes) {
    constexpr std::size_t most_at_once = std::size_t{1} << 30;
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor_, bytes.data(), std::min(bytes.size(), most_at_once));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return error(errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> Replacement::finish() {
    if (::fsync(descriptor_) != 0) return error(errno);
    if (::close(std::exchange(descriptor_, -1)) != 0) return error(errno);
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) return error(errno);
    temporary_.clear();
    return {};
}

}  // namespace vit
