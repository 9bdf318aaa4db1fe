#include "network/architecture.h"

#include <algorithm>
#include <cstdio>
#include <type_traits>

#include "vit/fields.h"
#include "network/slots.h"

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

const char *architecture_name(int i) {
    return i >= 0 && i < static_cast<int>(std::size(table)) ? table[i].name : nullptr;
}

std::vector<std::string> architecture_names() noexcept {
    return guarded_value([] {
        std::vector<std::string> names;
        for (int i = 0; architecture_name(i); i++) {
            names.emplace_back(architecture_name(i));
        }
        return names;
    });
}

Result<Architecture> named_architecture(const std::string &name) {
    return guarded([&]() -> Result<Architecture> {
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
    });
}

namespace {

tl::unexpected<Error> refuse(const std::string &what) {
    return fail(ErrorCode::argument, "architecture: " + what);
}

// Every number within its range.
struct CheckRanges {
    Result<void> result;

    template<typename Number>
    void operator()(const char *name, Number value, const char *, Range range) {
        if (result && !(value >= range.least && value <= range.most)) {  // NaN is not
            char text[120];
            std::snprintf(text, sizeof text, " is %.*g, outside %.10g to %.10g",
                          std::is_integral_v<Number> ? 10 : 6, static_cast<double>(value), range.least,
                          range.most);
            result = refuse(name + std::string(text));
        }
    }
    template<typename Choice>
    void operator()(const char *, const Choice &, const char *) {}
};

Result<void> check_tokens(const Architecture &a) {
    const Architecture::Prefix &prefix = a.prefix;
    if (prefix.positioned > prefix.tokens()) {
        return refuse(std::to_string(prefix.positioned) + " tokens before the patches have a position, " +
                      "but there are " + std::to_string(prefix.tokens()));
    }
    if (a.pooling.features.empty()) {
        return refuse("the classifier sees nothing");
    }
    for (const Feature feature : a.pooling.features) {
        if ((feature == Feature::class_token && !prefix.class_token) ||
            (feature == Feature::distillation_token && !prefix.distillation_token)) {
            return refuse(std::string("the classifier sees the ") + name_of(feature) +
                          ", which is not there");
        }
    }
    return {};
}

}  // namespace

// Every size is in its range and every matrix has less than 2^31 values, the most that Halide's strides
// can index.
Result<void> check(const Architecture &a) {
    CheckRanges ranges;
    for_each_field(a, ranges);
    VIT_TRY(std::move(ranges.result));
    if (a.width % a.heads != 0) {
        return refuse("width " + std::to_string(a.width) + " is no multiple of heads " +
                      std::to_string(a.heads));
    }
    if (a.image_height < a.patch_height || a.image_width < a.patch_width) {
        return refuse("the image is smaller than a patch");
    }
    VIT_TRY(check_tokens(a));
    const double most = 0x1p31, wide = a.width, padded = 64, features = a.pooling.features.size();
    const double tokens =
        a.prefix.tokens() +
        static_cast<double>(a.image_height / a.patch_height) * (a.image_width / a.patch_width);
    const double attention_width = wide + padded * a.heads;
    const double fc1 = (is_gated(a.activation) ? 2 : 1) * (a.mlp_width + padded);
    for (const double values :
         {(wide + padded) * fc1, features * (wide + padded) * (a.labels + padded),
          3 * (wide + padded) * attention_width, (tokens + padded) * (a.mlp_width + padded),
          3 * (tokens + padded) * (attention_width + padded),
          static_cast<double>(a.channels) * a.image_height * a.image_width,
          (wide + padded) * a.channels * a.patch_height * (a.patch_width + padded)}) {
        if (values >= most) {
            return refuse("a matrix of more than 2^31 values is not supported");
        }
    }
    return {};
}

double flop(const Architecture &a) noexcept {
    if (!guarded([&] { return check(a); })) {
        return 0;
    }
    const double tokens = a.tokens(), width = a.width, features = a.pooling.features.size();
    const double gates = is_gated(a.activation) ? 2 : 1;
    const double patch = 2.0 * a.patches() * width * a.channels * a.patch_height * a.patch_width;
    const double of_a_token = 2.0 * width * (2 * width + (1 + gates) * a.mlp_width);  // but keys and values
    const double of_all = tokens * (of_a_token + 4.0 * width * width + 4.0 * tokens * width);
    const bool reads_all = std::find(a.pooling.features.begin(), a.pooling.features.end(),
                                     Feature::patch_mean) != a.pooling.features.end();
    const double of_read = features * (of_a_token + 4.0 * width * (width + a.heads * tokens));
    return patch + (a.depth - 1) * of_all + (reads_all ? of_all : of_read) +
           2.0 * width * features * a.labels;
}

std::int64_t parameters(const Architecture &a) noexcept {
    return guarded_value([&]() -> std::int64_t {
        if (!check(a)) {
            return 0;
        }
        std::int64_t sum = 0;
        (void)for_each_slot(a, [&](Slot, int, const TensorShape &shape) -> Result<void> {
            std::int64_t count = 1;
            for (const std::int64_t extent : shape) count *= extent;
            sum += count;
            return {};
        });
        return sum;
    });
}

}  // namespace vit
