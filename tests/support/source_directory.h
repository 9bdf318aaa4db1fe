// Where models and golden data are: in the sources, or beside the program, if it goes to another machine.
#pragma once

#include <filesystem>
#include <string>

namespace vit::test {

// VIT_SOURCE_DIR is empty for programs that are gathered in DIRECTORY/tests, with the data as the sources have
// them under DIRECTORY.
inline std::string source_directory() {
    const std::string sources = VIT_SOURCE_DIR;
    return sources.empty() ? std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path().string()
                           : sources;
}

}  // namespace vit::test
