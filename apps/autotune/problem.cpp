#include "apps/autotune/problem.h"

#include <algorithm>
#include <string>

#include "tests/cases/attention.h"
#include "tests/cases/head.h"
#include "tests/cases/kernel_list.h"
#include "tests/cases/layer_norm.h"
#include "tests/cases/linear.h"
#include "tests/cases/linear_fixed.h"
#include "tests/cases/patch_embed.h"
#include "tests/cases/preprocess.h"
#include "vit/fields.h"

namespace vit::autotune {

namespace {

using cases::divide_up;
using cases::Operands;
using cases::Random;

std::size_t bytes(int rows, int columns) {
    return static_cast<std::size_t>(rows) * columns * sizeof(float);
}

// Schedules treat all tokens of a tile, and all tiles of a task, alike: two tokens of each tile, of so many
// images that these are 128 tiles or all, and all channels, meet every register tile that a schedule could
// get wrong.
struct Sample {
    int tokens, images;

    Sample(int tokens_of_image, int batch, const Layout &blocks) {
        const int tiles = divide_up(tokens_of_image, blocks.token_tile);
        tokens = 2 * tiles + 2;
        images = std::clamp(128 / tiles, 1, batch);
    }
};

// Of all heads, padded as the qkv layer leaves them.
int attention_width(const Architecture &a, const Layout &blocks) {
    const int head = cases::round_up(a.head_size(), blocks.lanes);
    return cases::round_up(a.heads * head, blocks.panel);
}

std::string name_of(LinearRole role, const Architecture &a) {
    return role == LinearRole::qkv    ? "qkv"
           : role == LinearRole::proj ? "proj"
           : role == LinearRole::fc2  ? "fc2"
                                      : "fc1/" + std::string(vit::name_of(a.activation));
}

cases::LinearShape linear_shape(const Shape &shape, const Layout &blocks, LinearRole role) {
    const Architecture &a = shape.architecture;
    const int attention = attention_width(a, blocks), mlp = a.mlp_width;
    const int inputs = role == LinearRole::fc2 ? mlp : role == LinearRole::proj ? attention : a.width;
    const int outputs = role == LinearRole::qkv ? 3 * attention : role == LinearRole::fc1 ? mlp : a.width;
    const Sample sample(a.tokens(), shape.batch, blocks);
    return {a.tokens(), inputs, outputs, shape.batch, sample.tokens, outputs, sample.images, a.depth};
}

// What tasks share of a layer whose panels and tiles have so many bytes a channel.
Extents linear_extents(const cases::LinearShape &its, const Layout &blocks, std::size_t bytes_of_weights,
                       std::size_t bytes_of_x) {
    const std::size_t row = cases::round_up(its.inputs, blocks.panel);
    return {{Of::panels, {divide_up(its.outputs, blocks.panel), bytes_of_weights * row * blocks.panel}},
            {Of::tiles,
             {divide_up(its.tokens, blocks.token_tile) * its.batch, bytes_of_x * row * blocks.token_tile}}};
}

}  // namespace

Problem linear_problem(const Shape &shape, const Layout &blocks, LinearRole role) {
    const Architecture &a = shape.architecture;
    const int sums = role == LinearRole::fc1 && is_gated(a.activation) ? 2 : 1;
    const cases::LinearShape its = linear_shape(shape, blocks, role);
    Random random;
    return {std::make_unique<cases::LinearCase>(its, blocks, "linear/" + name_of(role, a), Operands::random,
                                                random),
            a.depth, linear_extents(its, blocks, sums * sizeof(float), sizeof(float))};
}

Problem linear_fixed_problem(const Shape &shape, const Layout &blocks, LinearRole role,
                             const std::string &precision) {
    const Architecture &a = shape.architecture;
    std::string kernel = "linear_fixed/" + precision + "/" + name_of(role, a);
    const auto &rows = kernel_list();
    // Not all activations were compiled; what is tuned is tuned for all.
    if (std::none_of(rows.begin(), rows.end(), [&](const KernelRow &row) { return row.name == kernel; })) {
        kernel = "linear_fixed/" + precision + "/fc1/gelu_erf";
    }
    const cases::LinearShape its = linear_shape(shape, blocks, role);
    const std::size_t bytes_of_value = cases::FixedFormat::of(kernel, blocks)->bytes;
    Random random;
    return {std::make_unique<cases::LinearFixedCase>(its, blocks, kernel, Operands::random, random), a.depth,
            linear_extents(its, blocks, bytes_of_value, bytes_of_value)};
}

Problem attention_problem(const Shape &shape, const Layout &blocks, bool on_device) {
    const Architecture &a = shape.architecture;
    const int head = cases::round_up(a.head_size(), blocks.lanes);
    const int parts = on_device ? cases::AttentionCase::parts_on_device(a.tokens(), blocks)[0] : 0;
    const Sample sample(a.tokens(), shape.batch, blocks);
    Random random;
    const cases::AttentionShape its{a.tokens(), a.heads, a.head_size(), shape.batch, sample.tokens,
                                    sample.images};
    auto attention =
        std::make_unique<cases::AttentionCase>(its, blocks, parts, Operands::random, random);
    attention->threads = shape.threads;
    return {std::move(attention),
            a.depth,
            {{Of::tiles, {divide_up(a.tokens(), blocks.token_tile), 2 * bytes(head, blocks.token_tile)}}},
            a.heads * shape.batch};
}

Problem layer_norm_problem(const Shape &shape, const Layout &blocks) {
    const Architecture &a = shape.architecture;
    const Sample sample(a.tokens(), shape.batch, blocks);
    Random random;
    const cases::LayerNormShape its{a.tokens(), a.width, shape.batch, sample.tokens, 2 * a.depth};
    return {std::make_unique<cases::LayerNormCase>(its, blocks, 0.3f, 2.0f, a.layer_norm_epsilon, random),
            2 * a.depth,
            {{Of::tiles,
              {divide_up(a.tokens(), blocks.token_tile) * shape.batch,
               2 * bytes(cases::round_up(a.width, blocks.panel), blocks.token_tile)}}}};
}

Problem patch_embed_problem(const Shape &shape, const Layout &blocks) {
    const Architecture &a = shape.architecture;
    const Sample sample(a.tokens(), shape.batch, blocks);
    Random random;
    const cases::PatchEmbedShape its{a.image_width,      a.image_height, a.channels,  a.patch_width,
                                     a.patch_height,     a.prefix.tokens(), a.width,  shape.batch,
                                     sample.tokens,      a.width,        a.depth};
    const int row = cases::round_up(a.patch_width, blocks.lanes) * a.patch_height * a.channels;
    return {std::make_unique<cases::PatchEmbedCase>(its, blocks, Operands::random, random),
            1,
            {{Of::panels, {divide_up(a.width, blocks.panel), bytes(row, blocks.panel)}}},
            shape.batch};
}

Problem head_problem(const Shape &shape, const Layout &blocks) {
    const Architecture &a = shape.architecture;
    const int features = static_cast<int>(a.pooling.features.size());
    Random random;
    const cases::HeadShape its{features, features, a.width, a.labels, shape.batch, a.depth};
    const int inputs = features * cases::round_up(a.width, blocks.panel);
    return {std::make_unique<cases::HeadCase>(its, blocks, "head/" + std::string(vit::name_of(a.scores)),
                                              0.0f, random),
            1,
            {{Of::panels, {divide_up(a.labels, blocks.panel), bytes(inputs, blocks.panel)}}}};
}

// One picture of a usual size whatever the batch: pictures are preprocessed one by one. Of the passes, the
// one along rows, which takes nine tenths of the time.
Problem preprocess_problem(const Shape &shape, const Layout &) {
    Preprocessing asked;
    asked.width = shape.architecture.image_width;
    asked.height = shape.architecture.image_height;
    Random random;
    auto preprocess =
        std::make_unique<cases::PreprocessCase>(cases::Passes::along_rows,
                                                cases::random_picture(640, 480, random), asked);
    const PreprocessPlan &plan = preprocess->plan();
    const Extent rows{plan.rows_read, std::size_t{3} * plan.width};
    return {std::move(preprocess), 1, {{Of::rows, rows}}};
}

}  // namespace vit::autotune
