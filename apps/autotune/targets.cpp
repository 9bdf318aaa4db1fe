#include "apps/autotune/targets.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "Halide.h"

namespace vit::autotune {

extern const char *const targets_json;  // apps/autotune/targets_json.cpp.in

namespace {

using Json = nlohmann::json;

const Json &targets() {
    static const Json json = Json::parse(targets_json);
    return json;
}

// With the words of the processor that this is for `host`.
std::string resolved(const std::string &halide) {
    const bool host = halide == "host" || halide.starts_with("host-");
    return host && Halide::Target::validate_target_string(halide) ? Halide::Target(halide).to_string()
                                                                  : halide;
}

// The row that a Halide target follows.
Json row_of(const std::string &halide) {
    const std::string target = "-" + resolved(halide);
    for (const Json &row : targets().at("others")) {
        const Json &words = row.at("words");
        if (std::all_of(words.begin(), words.end(), [&](const Json &word) {
                return target.find("-" + word.get<std::string>()) != std::string::npos;
            })) {
            return row;
        }
    }
    return Json::object();
}

std::string halide_of_processor(const std::string &name) {
    const Json &names = targets().at("names");
    return names.contains(name) ? names.at(name).value("halide", name) : name;
}

std::filesystem::path file_of(const std::string &name, const std::filesystem::path &directory) {
    return directory / (name + ".json");
}

}  // namespace

NamedTarget named_target(const std::string &name, const std::string &device_host) {
    const Json &names = targets().at("names");
    const bool listed = names.contains(name);
    const Json row = listed ? names.at(name) : row_of(name);
    NamedTarget target{name, name, {name}, name};
    if (listed) {
        target.halide = row.contains("halide") ? row.at("halide").get<std::string>()
                                               : halide_of_processor(device_host) + "-" +
                                                     row.at("features").get<std::string>();
    }
    for (const Json &other : row.value("tuned", Json::array())) {
        target.tuned.push_back(other);
    }
    if (!listed && target.tuned.size() > 1) {
        target.kind = target.tuned[1];
    }
    return target;
}

std::filesystem::path serving_file(const NamedTarget &target, const std::filesystem::path &directory) {
    for (const std::string &name : target.tuned) {
        if (const auto file = file_of(name, directory); std::filesystem::exists(file)) {
            return file;
        }
    }
    return {};
}

std::filesystem::path file_to_write(const NamedTarget &target, const std::filesystem::path &directory) {
    const std::filesystem::path own = file_of(target.name, directory);
    return std::filesystem::exists(own) ? own : file_of(target.kind, directory);
}

}  // namespace vit::autotune
