#include "network/architecture.h"

#include <utility>

namespace vit {

namespace {

struct Named {
    const char *name;
    int patch, width, depth, heads, mlp_width;
};

// The paper's table 1, with Ti and S of DeiT (Touvron et al. 2021, table 1) and the patch sizes that were
// published.
constexpr Named table[] = {
    {"vit-ti16", 16, 192, 12, 3, 768},
    {"vit-s16", 16, 384, 12, 6, 1536},
    {"vit-s32", 32, 384, 12, 6, 1536},
    {"vit-b8", 8, 768, 12, 12, 3072},
    {"vit-b16", 16, 768, 12, 12, 3072},
    {"vit-b32", 32, 768, 12, 12, 3072},
    {"vit-l16", 16, 1024, 24, 16, 4096},
    {"vit-l32", 32, 1024, 24, 16, 4096},
    {"vit-h14", 14, 1280, 32, 16, 5120},
};

}  // namespace

std::vector<std::string> architecture_names() {
    std::vector<std::string> names;
    for (const Named &named : table) {
        names.emplace_back(named.name);
    }
    return names;
}

Result<Architecture> named_architecture(const std::string &name) {
    std::string known;
    for (const Named &named : table) {
        if (name == named.name) {
            Architecture a;
            a.name = name;
            a.patch_height = a.patch_width = named.patch;
            a.width = named.width;
            a.depth = named.depth;
            a.heads = named.heads;
            a.mlp_width = named.mlp_width;
            return a;
        }
        known += std::string(known.empty() ? "" : ", ") + named.name;
    }
    return fail(ErrorCode::argument, "there is no architecture " + name + "; there are " + known);
}

// Every size is positive and every matrix has less than 2^31 values, the most that Halide's strides can
// index.
Result<void> check(const Architecture &a) {
    for (const auto &[name, size] : {std::pair<const char *, int>{"image_height", a.image_height},
                                     {"image_width", a.image_width},
                                     {"patch_height", a.patch_height},
                                     {"patch_width", a.patch_width},
                                     {"channels", a.channels},
                                     {"width", a.width},
                                     {"depth", a.depth},
                                     {"heads", a.heads},
                                     {"mlp_width", a.mlp_width},
                                     {"labels", a.labels}}) {
        if (size < 1 || size > 1 << 20) {
            return fail(ErrorCode::argument, std::string("architecture: ") + name + " is " +
                                                 std::to_string(size) + ", outside 1 to 1048576");
        }
    }
    if (a.width % a.heads != 0) {
        return fail(ErrorCode::argument, "architecture: width " + std::to_string(a.width) +
                                             " is no multiple of heads " + std::to_string(a.heads));
    }
    if (a.image_height < a.patch_height || a.image_width < a.patch_width) {
        return fail(ErrorCode::argument, "architecture: the image is smaller than a patch");
    }
    const double most = 0x1p31, wide = a.width, padded = 64;
    const double tokens =
        1 + static_cast<double>(a.image_height / a.patch_height) * (a.image_width / a.patch_width);
    const double attention_width = wide + padded * a.heads;
    for (const double values :
         {(wide + padded) * (a.mlp_width + padded), (wide + padded) * (a.labels + padded),
          3 * (wide + padded) * attention_width, (tokens + padded) * (a.mlp_width + padded),
          3 * (tokens + padded) * (attention_width + padded),
          static_cast<double>(a.channels) * a.image_height * a.image_width,
          (wide + padded) * a.channels * a.patch_height * (a.patch_width + padded)}) {
        if (values >= most) {
            return fail(ErrorCode::argument,
                        "architecture: a matrix of more than 2^31 values is not supported");
        }
    }
    return {};
}

double flop(const Architecture &a) {
    const double tokens = a.tokens(), width = a.width;
    const double patch = 2.0 * a.patches() * width * a.channels * a.patch_height * a.patch_width;
    const double of_a_token = 2.0 * width * (2 * width + 2.0 * a.mlp_width);  // linear layers but k and v
    const double of_all = tokens * (of_a_token + 4.0 * width * width + 4.0 * tokens * width);
    const double of_class_token = of_a_token + 4.0 * width * (width + a.heads * tokens);
    return patch + (a.depth - 1) * of_all + of_class_token + 2.0 * width * a.labels;
}

std::int64_t parameters(const Architecture &a) {
    const std::int64_t width = a.width, mlp = a.mlp_width;
    const std::int64_t patch = width * a.channels * a.patch_height * a.patch_width + width;
    const std::int64_t block =
        4 * width * width + (a.qkv_bias ? 4 : 1) * width + 4 * width + 2 * width * mlp + mlp + width;
    return patch + width + a.tokens() * width + a.depth * block + 2 * width + a.labels * width + a.labels;
}

}  // namespace vit
