// How the command gives up.
#pragma once

#include <stdexcept>

namespace command {

// Ends the command with exit status 1 and the sentence on standard error.
struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace command
