// What the configurations of several ecosystems have in common.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/json.h"
#include "checkpoint/tensor_files.h"
#include "error.h"
#include "preprocess/preprocessing.h"

namespace vit {

inline constexpr int max_size = 1 << 20;  // of anything in a network, far above every published model
inline constexpr int max_layers = 1000;
inline constexpr int max_edge = 1 << 14;      // of a picture
inline constexpr double max_level = 1 << 16;  // of means and deviations; pixels are 0 to 255, or 0 to 1
inline constexpr std::array<double, 3> imagenet_mean{0.485, 0.456, 0.406}, imagenet_std{0.229, 0.224, 0.225};

// Every reader leaves its value as it is where the field is missing or null. Errors: config, unsupported.

// One whole number for both, or [height, width].
Result<void> read_height_width(const JsonFields &fields, const char *key, int most,
                               std::pair<int, int> &size);
// One number for each of red, green and blue, or one for all of them.
Result<void> read_channels(const JsonFields &fields, const char *key, double least,
                           std::array<double, 3> &channels);
Result<void> read_mean_and_std(const JsonFields &fields, Preprocessing &preprocessing);
// Pillow's name of a filter: "bicubic".
Result<void> read_interpolation(const JsonFields &fields, Filter &filter);

// "LABEL_0", "LABEL_1", ...: of classifiers whose labels have no names.
std::vector<std::string> numbered_labels(int count);

// check() of the architecture that a configuration makes, with the file in its sentence. Errors: config.
Result<void> check_architecture(const Architecture &architecture, const std::string &file);

// Errors: tensor, if the files have no tensor of this name and of the shape [labels, width], which is the
// classifier.
Result<void> check_classifier(const TensorFiles &files, const std::string &name,
                              const Architecture &architecture);

}  // namespace vit
