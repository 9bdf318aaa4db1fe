#include "apps/autotune/tuned_file.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace vit::autotune {

TunedFile TunedFile::read(const std::filesystem::path &path) {
    TunedFile file;
    if (!std::filesystem::exists(path)) {
        return file;
    }
    std::ifstream in(path);
    if (!in) {
        throw std::runtime_error(path.string() + ": cannot be read");
    }
    try {
        const nlohmann::ordered_json json = nlohmann::ordered_json::parse(in);
        file.target = json.value("target", "");
        file.halide = json.value("halide", "");
        for (const auto &[stage, entry] : json.at("stages").items()) {
            if (!entry.at("values").is_object()) {
                throw std::runtime_error(path.string() + ": stages." + stage + ".values is not an object");
            }
            for (const auto &[name, value] : entry["values"].items()) {
                if (!value.is_number_integer()) {
                    throw std::runtime_error(path.string() + ": stages." + stage + ".values." + name +
                                             " is not an integer");
                }
            }
            file.stages_[stage] = entry;
        }
    } catch (const nlohmann::json::exception &error) {
        throw std::runtime_error(path.string() + ": " + error.what());
    }
    return file;
}

void TunedFile::write(const std::filesystem::path &path) const {
    nlohmann::ordered_json json{
        {"target", target}, {"halide", halide}, {"stages", nlohmann::ordered_json::object()}};
    for (const auto &[stage, entry] : stages_) {
        json["stages"][stage] = entry;
    }
    std::filesystem::path draft = path;
    draft += ".new";
    std::error_code error;
    if (path.has_parent_path()) {
        std::filesystem::create_directories(path.parent_path(), error);
    }
    std::ofstream out(draft, std::ios::trunc);
    out << json.dump(2) << '\n';
    out.close();
    if (!out) {
        throw std::runtime_error(draft.string() + ": cannot be written");
    }
    std::filesystem::rename(draft, path, error);
    if (error) {
        throw std::runtime_error(path.string() + ": cannot be replaced: " + error.message());
    }
}

Values TunedFile::values(const std::string &stage) const {
    Values values;
    if (const auto at = stages_.find(stage); at != stages_.end()) {
        for (const auto &[name, value] : at->second.at("values").items()) {
            values[name] = value.get<int>();
        }
    }
    return values;
}

void TunedFile::set(const std::string &stage, const Values &values, nlohmann::ordered_json provenance) {
    nlohmann::ordered_json entry{{"values", nlohmann::ordered_json::object()},
                                 {"provenance", std::move(provenance)}};
    for (const auto &[name, value] : values) {
        entry["values"][name] = value;
    }
    stages_[stage] = std::move(entry);
}

double rounded(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.4g", value);
    return std::strtod(text, nullptr);
}

}  // namespace vit::autotune
