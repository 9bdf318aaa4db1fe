#include "forward.h"

#include <cstring>

#include "buffer.h"

namespace vit {

void StageClock::add(const char *name, double milliseconds, double flop) {
    for (StageTime &time : times) {
        if (time.name == name) {
            time.calls++;
            time.milliseconds += milliseconds;
            time.flop += flop;
            return;
        }
    }
    times.push_back({name, 1, milliseconds, flop});
}

Result<Forward> Forward::create(const Model::Impl &model, int max_batch) {
    const Geometry &g = model.geometry;
    const std::size_t batch = max_batch;
    std::size_t used = 0;
    const auto reserve = [&](std::size_t floats_of_image) {
        const std::size_t at = used;
        used += (batch * floats_of_image + 31) / 32 * 32;
        return at;
    };
    const std::size_t patches = reserve(g.token_matrix(g.patch_values));
    const std::size_t x = reserve(g.token_matrix(g.width));
    const std::size_t y = reserve(g.token_matrix(g.width));
    const std::size_t qkv = reserve(g.token_matrix(3 * g.attention_width));
    const std::size_t context = reserve(g.token_matrix(g.attention_width));
    const std::size_t hidden = reserve(g.token_matrix(g.mlp_width));
    const std::size_t logits = reserve(g.labels);
    const std::size_t scores = reserve(g.labels);

    const std::size_t largest =
        std::max({g.token_matrix(g.patch_values), g.token_matrix(3 * g.attention_width),
                  g.token_matrix(g.mlp_width)});
    if (batch * largest >= std::size_t{1} << 31) {
        return fail(ErrorCode::argument, "max_batch " + std::to_string(max_batch) +
                                             " is too large for this model: one of " +
                                             "its buffers would have more than 2^31 values");
    }
    VIT_TRY_ASSIGN(Memory memory, Memory::allocate(used));
    float *base = memory.data();
    Forward forward(model, std::move(memory));
    forward.patches_ = base + patches;
    forward.x_ = base + x;
    forward.y_ = base + y;
    forward.qkv_ = base + qkv;
    forward.context_ = base + context;
    forward.hidden_ = base + hidden;
    forward.logits_ = base + logits;
    forward.scores_ = base + scores;
    return forward;
}

Result<void> Forward::run(KernelContext &context, const float *pixels, int batch, StageClock &clock) {
    context_of_call_ = &context;
    clock_ = &clock;
    batch_ = batch;

    VIT_TRY(patch_embed(pixels, x_));  // eq. 1
    for (const PackedBlock &block : weights_.blocks) {
        VIT_TRY(layer_norm(x_, block.norm1, y_));
        VIT_TRY(linear_qkv(y_, block.qkv, qkv_));         // eq. 5
        VIT_TRY(attention(qkv_, context_));               // eq. 6, 7
        VIT_TRY(linear_proj(context_, block.proj, x_));   // eq. 8, 2
        VIT_TRY(layer_norm(x_, block.norm2, y_));
        VIT_TRY(linear_fc1(y_, block.fc1, hidden_));
        VIT_TRY(linear_fc2(hidden_, block.fc2, x_));      // eq. 3
    }
    return head(x_);  // eq. 4
}

template<typename Call>
Result<void> Forward::stage(const char *name, double flop, Call call) {
    if (!clock_->running) {
        return context_of_call_->check(name, call(context_of_call_));
    }
    const auto start = std::chrono::steady_clock::now();
    const int code = call(context_of_call_);
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    clock_->add(name, taken.count(), flop);
    return context_of_call_->check(name, code);
}

// Of true tokens and channels: what is computed for pads does not count.
double Forward::linear_flop(int inputs, int outputs) const {
    return 2.0 * batch_ * arch_.tokens() * inputs * outputs;
}

Result<void> Forward::patch_embed(const float *pixels, float *x) {
    const Geometry &g = geometry_;
    const PackedLinear &layer = weights_.patch;
    const auto [lanes, token_tile, panel] = g.blocks;
    FloatView<4> in(pixels, {arch_.image_width, arch_.image_height, arch_.channels, batch_});
    FloatView<3> weights(layer.panels, {panel, layer.inputs, g.panels(layer.outputs)});
    FloatView<1> bias(layer.bias, {layer.outputs});
    FloatView<1> class_token(weights_.class_token, {g.width});
    FloatView<4> positions(weights_.positions, {lanes, token_tile, g.chunks(g.width), g.tiles});
    FloatView<7> patches(
        patches_, {lanes, token_tile, g.patch_chunks, arch_.patch_height, arch_.channels, g.tiles, batch_});
    FloatView<5> embedded(x, {lanes, token_tile, g.chunks(g.width), g.tiles, batch_});
    const double inputs = static_cast<double>(arch_.channels) * arch_.patch_height * arch_.patch_width;
    return stage("patch_embed", 2.0 * batch_ * arch_.patches() * inputs * arch_.width,
                 [&](KernelContext *context) {
                     return kernels_.patch_embed(context, in, weights, bias, class_token, positions,
                                                 arch_.patch_width, arch_.patch_height, patches, embedded);
                 });
}

Result<void> Forward::layer_norm(const float *x, const PackedNorm &norm, float *y) {
    const Geometry &g = geometry_;
    const auto [lanes, token_tile, panel] = g.blocks;
    FloatView<4> in(x, {lanes, token_tile, g.chunks(g.width), g.tiles * batch_});
    FloatView<1> gamma(norm.gamma, {g.width}), beta(norm.beta, {g.width});
    FloatView<4> out(y, {lanes, token_tile, g.chunks(g.width), g.tiles * batch_});
    return stage("layer_norm", 7.0 * batch_ * arch_.tokens() * arch_.width, [&](KernelContext *context) {
        return kernels_.layer_norm(context, in, gamma, beta, arch_.width, arch_.layer_norm_epsilon, out);
    });
}

namespace {

// The buffers of a linear layer over all tokens of a batch.
struct LinearViews {
    FloatView<4> x, y;
    FloatView<3> weights;
    FloatView<1> bias;

    LinearViews(const Geometry &g, int batch, const float *from, const PackedLinear &layer, float *to)
        : x(from, {g.blocks.lanes, g.blocks.token_tile, g.chunks(layer.inputs), g.tiles * batch}),
          y(to, {g.blocks.lanes, g.blocks.token_tile, g.chunks(layer.outputs), g.tiles * batch}),
          weights(layer.panels, {g.blocks.panel, layer.inputs, g.panels(layer.outputs)}),
          bias(layer.bias, {layer.outputs}) {}
};

}  // namespace

Result<void> Forward::linear_qkv(const float *x, const PackedLinear &layer, float *y) {
    LinearViews views(geometry_, batch_, x, layer, y);
    return stage("linear/qkv", linear_flop(arch_.width, 3 * arch_.width), [&](KernelContext *context) {
        return kernels_.linear_qkv(context, views.x, views.weights, views.bias, views.y);
    });
}

Result<void> Forward::linear_proj(const float *x, const PackedLinear &layer, float *residual_and_y) {
    LinearViews views(geometry_, batch_, x, layer, residual_and_y);
    return stage("linear/proj", linear_flop(arch_.width, arch_.width), [&](KernelContext *context) {
        return kernels_.linear_proj(context, views.x, views.weights, views.bias, views.y, views.y);
    });
}

Result<void> Forward::linear_fc1(const float *x, const PackedLinear &layer, float *y) {
    LinearViews views(geometry_, batch_, x, layer, y);
    const auto kernel = arch_.activation == Activation::gelu_erf ? kernels_.linear_fc1_gelu_erf
                                                                 : kernels_.linear_fc1_gelu_tanh;
    return stage("linear/fc1", linear_flop(arch_.width, arch_.mlp_width), [&](KernelContext *context) {
        return kernel(context, views.x, views.weights, views.bias, views.y);
    });
}

Result<void> Forward::linear_fc2(const float *x, const PackedLinear &layer, float *residual_and_y) {
    LinearViews views(geometry_, batch_, x, layer, residual_and_y);
    return stage("linear/fc2", linear_flop(arch_.mlp_width, arch_.width), [&](KernelContext *context) {
        return kernels_.linear_fc2(context, views.x, views.weights, views.bias, views.y, views.y);
    });
}

Result<void> Forward::attention(const float *qkv, float *context_out) {
    const Geometry &g = geometry_;
    const auto [lanes, token_tile, panel] = g.blocks;
    const std::int64_t chunk = static_cast<std::int64_t>(lanes) * token_tile;
    const int head_chunks = g.head_chunks;
    // [di, ti, chunk, h, tile, b] in a token matrix of so many chunks.
    const auto heads_of = [&](const float *data, int chunks) {
        return FloatView<6>(data, {Dim{lanes, 1}, Dim{token_tile, lanes}, Dim{head_chunks, chunk},
                                   Dim{g.heads, chunk * head_chunks}, Dim{g.tiles, chunk * chunks},
                                   Dim{batch_, chunk * chunks * g.tiles}});
    };
    const int part = g.chunks(g.attention_width);
    auto q = heads_of(qkv, 3 * part);
    auto k = heads_of(qkv + part * chunk, 3 * part);
    auto v = heads_of(qkv + 2 * part * chunk, 3 * part);
    auto context_view = heads_of(context_out, part);
    const double tokens = arch_.tokens();
    return stage("attention", 4.0 * batch_ * tokens * tokens * arch_.width, [&](KernelContext *context) {
        return kernels_.attention(context, q, k, v, g.tokens, context_view);
    });
}

Result<void> Forward::head(const float *x) {
    const Geometry &g = geometry_;
    const PackedLinear &layer = weights_.head;
    const auto [lanes, token_tile, panel] = g.blocks;
    FloatView<5> z(x, {lanes, token_tile, g.chunks(g.width), g.tiles, batch_});
    FloatView<1> gamma(weights_.norm.gamma, {g.width}), beta(weights_.norm.beta, {g.width});
    FloatView<3> weights(layer.panels, {panel, layer.inputs, g.panels(layer.outputs)});
    FloatView<1> bias(layer.bias, {layer.outputs});
    FloatView<2> logits(logits_, {g.labels, batch_}), scores(scores_, {g.labels, batch_});
    const auto kernel = arch_.scores == Scores::softmax   ? kernels_.head_softmax
                        : arch_.scores == Scores::sigmoid ? kernels_.head_sigmoid
                                                          : kernels_.head_identity;
    return stage("head", 2.0 * batch_ * arch_.width * arch_.labels, [&](KernelContext *context) {
        return kernel(context, z, gamma, beta, weights, bias, arch_.width, arch_.labels,
                      arch_.layer_norm_epsilon, logits, scores);
    });
}

}  // namespace vit
