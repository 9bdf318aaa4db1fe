// A file that takes the place of another at once, when all of it is written.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "error.h"

namespace vit {

class Replacement {
public:
    // Of what a path stands for, through links: a regular file, or nothing yet. It is written beside that,
    // under a name that nobody else has, so that writers do not meet. Errors: io.
    static Result<Replacement> begin(const std::string &path);

    Replacement(Replacement &&other) noexcept
        : path_(std::move(other.path_)), target_(std::move(other.target_)),
          temporary_(std::exchange(other.temporary_, {})),
          descriptor_(std::exchange(other.descriptor_, -1)) {}
    Replacement &operator=(Replacement &&) = delete;
    // Leaves nothing behind, unless it was finished.
    ~Replacement();

    // Errors: io.
    Result<void> write(std::span<const std::byte> bytes);
    // On the disk, and then in the place of the other. Errors: io; then the other is as it was.
    Result<void> finish();

private:
    Replacement(std::string path, std::string target)
        : path_(std::move(path)), target_(std::move(target)) {}
    tl::unexpected<Error> error(int number) const;

    std::string path_, target_, temporary_;  // as it was named, what that stands for; where it is written
    int descriptor_ = -1;
};

}  // namespace vit
