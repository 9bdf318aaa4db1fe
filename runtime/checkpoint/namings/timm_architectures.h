// The plain ViTs and DeiTs of timm's registry, as timm 1.0.31 builds them: what its entry points were caught
// giving to VisionTransformer, in the words of a configuration's model_args
// (tests/golden/make_timm_architectures.py).
#pragma once

#include <optional>
#include <string_view>

namespace vit {

// JSON: {"embed_dim": 192, "num_heads": 3}. None for an architecture that is not among them. "distilled"
// stands for VisionTransformerDistilled.
std::optional<std::string_view> timm_arguments(std::string_view architecture);

}  // namespace vit
