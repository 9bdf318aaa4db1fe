// The steps of a visit to a GPU, in the order of their worth. Each says what it lacks, has a time of its
// own, and its failure keeps no other from its turn.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace vit::bench {

using Json = nlohmann::ordered_json;

struct Visit {
    std::filesystem::path kit;  // where the programs are
    std::filesystem::path out;  // what is found
    bool small = false;         // small shapes: that everything works, not how fast
    int processors = 1;
    std::vector<std::string> backends;  // with a device that runs here; the first is raced and measured
    Json results;                       // by step

    std::string program(const std::string &name) const { return (kit / name).string(); }
    std::string log(const std::string &name) const { return (out / (name + ".log")).string(); }
};

// What a step came to: lines for people, and what it lacked or what failed, in a sentence.
struct Finding {
    std::vector<std::string> lines = {};
    std::string lacks = {}, failed = {};
};

struct Step {
    const char *name;
    double seconds;  // at most, of a visit of 420
    std::function<Finding(Visit &, double seconds)> run;
};

const std::vector<Step> &steps();

}  // namespace vit::bench
