// preprocessor_config.json, or processor_config.json where the same fields are nested under
// image_processor.
#pragma once

#include <string>
#include <string_view>

#include "error.h"
#include "checkpoint/json.h"
#include "preprocess/preprocessing.h"
#include "vit/vit.h"

namespace vit {

// What a checkpoint asks for. There is no default for one with neither file; one that
// does not say its class has that of the model's type, "ViT" or "DeiT". Errors: io, format, config, and
// unsupported for processors that compute something else than Preprocessing describes.
Result<Preprocessing> read_preprocessing(const Files &files, const Architecture &architecture,
                                         std::string_view family = "ViT");

// The same from one JSON object: `file` is its path and `field` its place inside the file, for messages.
// Missing fields take the defaults of the processor's class in transformers.
Result<Preprocessing> parse_preprocessing(const Json &json, const std::string &file,
                                          const std::string &field = {},
                                          std::string_view family = "ViT");

// Whether every picture comes out as the model's image size. Errors: config, unsupported.
Result<void> check_output_size(const Preprocessing &preprocessing, const Architecture &architecture,
                               const std::string &file);

}  // namespace vit
