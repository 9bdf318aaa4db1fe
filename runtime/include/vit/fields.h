// The one list of an architecture's fields, with their names and ranges: checking, the packed header and
// `vit info` walk it.
#pragma once

#include <concepts>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>

#include <vit/vit.h>

namespace vit {

// The values of an enumeration by name, in their order: files have names, never numbers.
template<typename Enum>
struct NamesOf;
template<>
struct NamesOf<Activation> {
    static constexpr auto &names = activation_names;
};
template<>
struct NamesOf<Precision> {
    static constexpr auto &names = precision_names;
};
template<>
struct NamesOf<Scores> {
    static constexpr auto &names = scores_names;
};
template<>
struct NamesOf<Feature> {
    static constexpr auto &names = feature_names;
};

template<typename Enum>
const char *name_of(Enum value) {
    return NamesOf<Enum>::names[static_cast<std::size_t>(value)];
}

template<typename Enum>
std::optional<Enum> value_named(std::string_view name) {
    for (std::size_t i = 0; i < std::size(NamesOf<Enum>::names); i++) {
        if (name == NamesOf<Enum>::names[i]) {
            return static_cast<Enum>(i);
        }
    }
    return {};
}

struct Range {
    double least, most;
};

// visit(name, field, meaning) for a field that has two or a few values, and visit(name, field, meaning,
// range) for a number. Architecture may be const.
template<typename A, typename Visit>
requires std::same_as<std::remove_const_t<A>, Architecture>
void for_each_field(A &a, Visit &&visit) {
    constexpr Range size{1, 1 << 20};
    visit("image_height", a.image_height, "pixels", size);
    visit("image_width", a.image_width, "pixels", size);
    visit("patch_height", a.patch_height, "P, pixels", size);
    visit("patch_width", a.patch_width, "P, pixels", size);
    visit("channels", a.channels, "C, of a picture", size);
    visit("width", a.width, "D, channels of a token", size);
    visit("depth", a.depth, "L, blocks", Range{1, 1000});
    visit("heads", a.heads, "k, of attention", size);
    visit("mlp_width", a.mlp_width, "channels between the two layers of a block's MLP", size);
    visit("labels", a.labels, "K", size);
    visit("layer_norm_epsilon", a.layer_norm_epsilon, "added to a variance", Range{0x1p-126, 1});
    visit("qkv_bias", a.qkv_bias, "whether queries, keys and values have a bias");
    visit("activation", a.activation, "of a block's MLP");
    visit("layer_scale", a.layer_scale, "whether what a block adds is scaled channel by channel");
    visit("class_token", a.prefix.class_token, "whether there is one");
    visit("distillation_token", a.prefix.distillation_token, "whether there is one");
    visit("registers", a.prefix.registers, "tokens that stand for nothing", Range{0, 1 << 10});
    visit("positioned", a.prefix.positioned, "tokens before the patches that have a position",
          Range{0, 2 + (1 << 10)});
    visit("features", a.pooling.features, "what the classifier sees");
    visit("norm_last", a.pooling.norm_last, "whether the last LayerNorm comes after pooling");
    visit("head_of_each", a.pooling.head_of_each, "whether each feature has a classifier of its own");
    visit("scores", a.scores, "what logits become");
}

// As for an architecture, but without ranges.
template<typename A, typename Visit>
requires std::same_as<std::remove_const_t<A>, Accuracy>
void for_each_field(A &a, Visit &&visit) {
    visit("pictures", a.pictures, "that were compared");
    visit("agreeing", a.agreeing, "whose best label is that of float32");
    visit("lowest_cosine", a.lowest_cosine, "of a picture's logits to those of float32");
    visit("mean_cosine", a.mean_cosine, "likewise");
    visit("largest_difference", a.largest_difference, "of a logit, in parts of its picture's largest");
}

}  // namespace vit
