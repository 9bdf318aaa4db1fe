// Where models and golden data are: in the sources, or beside the program, if it goes to another machine.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace vit::test {

// What VIT_SOURCE_DIR says in the environment, else when the tests were built. It is empty for programs that
// are gathered in DIRECTORY/tests, with the data under DIRECTORY as the sources have them.
inline std::string source_directory() {
    if (const char *elsewhere = std::getenv("VIT_SOURCE_DIR")) return elsewhere;
    const std::string sources = VIT_SOURCE_DIR;
    if (!sources.empty()) return sources;
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path().string();
}

}  // namespace vit::test
