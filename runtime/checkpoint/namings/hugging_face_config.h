// config.json of Hugging Face's ViT and DeiT.
#pragma once

#include <string>
#include <vector>

#include "error.h"
#include "checkpoint/json.h"
#include "vit/vit.h"

namespace vit {

struct Config {
    Architecture architecture;        // without its name; how DeiT's is pooled, its tensors tell
    std::vector<std::string> labels;  // architecture.labels of them; "LABEL_7" where the file names none
};

// Missing fields take the defaults of transformers' ViTConfig and DeiTConfig. Every size is positive and
// bounded, and so
// are the products that buffers are sized by. Errors: config, and unsupported for what is well-formed but
// not this model. `file` is the path, for messages.
Result<Config> read_config(const Json &json, const std::string &file);

}  // namespace vit
