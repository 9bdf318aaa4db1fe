// What was measured, a line of JSON each, so that a tuner that was stopped goes on where it was.
#pragma once

#include <compare>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

namespace vit::autotune {

class Journal {
public:
    // Measurements of other circumstances (shape, threads, target, machine, code) are in the file, but are
    // not found. A line that is cut off, as the last one of a killed process may be, is ignored. Throws
    // std::runtime_error if the file can't be written, or if another process is writing it.
    Journal(const std::filesystem::path &path, const nlohmann::json &circumstances);
    ~Journal();
    Journal(const Journal &) = delete;
    Journal &operator=(const Journal &) = delete;

    struct Key {
        std::string stage, kind, candidate;
        int index = 0;
        auto operator<=>(const Key &) const = default;
    };
    // What an earlier process, or this one, found out; null pointer if nothing.
    const nlohmann::json *find(const Key &key) const;
    // Written through to the file before it returns. Adds the date.
    const nlohmann::json &add(const Key &key, nlohmann::json result);
    // A stage's result is safe elsewhere: its measurements are history, and the next race starts afresh.
    void close(const std::string &stage);

    // How many results of earlier processes `find` found, and how many this one added.
    int resumed() const { return static_cast<int>(resumed_.size()); }
    int added() const { return added_; }

private:
    void write(const std::string &line);
    void read(const std::string &line);

    int file_ = -1;
    std::string path_, circumstances_;  // a file; a hash
    std::map<Key, nlohmann::json> results_;
    std::set<Key> earlier_;  // found in the file
    mutable std::set<Key> resumed_;
    int added_ = 0;
};

}  // namespace vit::autotune
