// A directory that lasts as long as the object.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace vit::test {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        path_ = (std::filesystem::temp_directory_path() / "vit-test-XXXXXX").string();
        if (!::mkdtemp(path_.data())) throw std::runtime_error("cannot make " + path_);
    }
    TemporaryDirectory(const TemporaryDirectory &) = delete;
    TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::string &path() const { return path_; }
    std::string file(const std::string &name) const { return path_ + "/" + name; }

    void write(const std::string &name, const std::string &content) const {
        std::ofstream out(file(name), std::ios::binary);
        out << content;
        if (!out.flush()) throw std::runtime_error("cannot write " + file(name));
    }
    void remove(const std::string &name) const { std::filesystem::remove_all(file(name)); }

private:
    std::string path_;
};

}  // namespace vit::test
