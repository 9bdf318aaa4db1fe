// schedules/tuned/*.json, which cmake/tuning.cmake reads at configure time.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "schedules/autotune/candidates.h"

namespace vit::autotune {

// The architecture and vectors of a Halide target, "x86-64-avx2", as cmake/tuning.cmake has it.
std::string family_of(const Halide::Target &target);

// The file that serves a target: <target>.json if there is one, else <family>.json, which there may not be.
std::filesystem::path tuned_file_of(const Halide::Target &target, const std::filesystem::path &directory);

// The values of stages and where they come from. Keys are written in the order of their names, so that the
// same results give the same file. Throws std::runtime_error naming file and field.
class TunedFile {
public:
    // Empty if there is no such file.
    static TunedFile read(const std::filesystem::path &path);
    // Under another name first, then renamed: a reader sees the old file or the new one.
    void write() const;

    bool has(const std::string &stage) const { return stages_.contains(stage); }
    // Empty if the file does not have the stage.
    Values values(const std::string &stage) const;
    void set(const std::string &stage, const Values &values, nlohmann::ordered_json provenance);

    std::string target, halide;  // a target string, a version

private:
    std::filesystem::path path_;
    std::map<std::string, nlohmann::ordered_json> stages_;
};

// A number with four digits, as files and tables have it.
double rounded(double value);

}  // namespace vit::autotune
