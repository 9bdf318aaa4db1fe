#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "command.h"
#include "text.h"

namespace command {

void print(std::string_view text) {
    errno = 0;
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
        throw Failure(std::string("standard output cannot be written: ") + std::strerror(errno));
    }
}

void complain(std::string_view sentence) {
    const std::string line = "vit: " + harmless(sentence) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace command
