// schedules/tuned/*.json, which cmake/tuning.cmake reads at configure time.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "apps/autotune/candidates.h"

namespace vit::autotune {

// The values of stages and where they come from. Keys are written in the order of their names, so that the
// same results give the same file. Throws std::runtime_error naming file and field.
class TunedFile {
public:
    // Empty if there is no such file.
    static TunedFile read(const std::filesystem::path &path);
    // Under another name first, then renamed: a reader sees the old file or the new one.
    void write(const std::filesystem::path &path) const;

    bool has(const std::string &stage) const { return stages_.contains(stage); }
    // Empty if the file does not have the stage.
    Values values(const std::string &stage) const;
    void set(const std::string &stage, const Values &values, nlohmann::ordered_json provenance);

    std::string target, halide;  // a target string, a version

private:
    std::map<std::string, nlohmann::ordered_json> stages_;
};

// A number with four digits, as files and tables have it.
double rounded(double value);

}  // namespace vit::autotune
