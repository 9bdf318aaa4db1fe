// What targets are: schedules/targets.json, which cmake/targets.cmake reads for the build and explains.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace vit::autotune {

struct NamedTarget {
    std::string name;    // as in VIT_TARGETS
    std::string halide;  // the Halide target it stands for
    // Names of files in schedules/tuned, its own first: the first that exists serves it.
    std::vector<std::string> tuned;
    // The one of them that is called after the kind of machine, which others have, too, and not after `host`
    // or all words of a Halide target.
    std::string kind;
};

// device_host: the processor that goes with a device, VIT_DEVICE_HOST of the build.
NamedTarget named_target(const std::string &name, const std::string &device_host = "host");

// The file in a directory that serves the target; empty if none does.
std::filesystem::path serving_file(const NamedTarget &target, const std::filesystem::path &directory);

// The file in a directory for what is found for the target, so that it serves from then on: the target's
// own, if there is one, or its kind's.
std::filesystem::path file_to_write(const NamedTarget &target, const std::filesystem::path &directory);

}  // namespace vit::autotune
