#include "network/forward.h"

#include <cstring>

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
    Forward forward(model);
    VIT_TRY(forward.reserve(max_batch));
    return forward;
}

Result<void> Forward::reserve(int max_batch) {
    const Geometry &g = geometry_;
    struct Array {
        Place *place;
        std::size_t floats;  // of an image
    };
    std::vector<Array> arrays{{&patches_, g.token_matrix(g.patch_values)},
                              {&x_, g.token_matrix(g.width)},
                              {&y_, g.token_matrix(g.width)},
                              {&qkv_, g.token_matrix(3 * g.attention_width)},
                              {&context_, g.token_matrix(g.attention_width)},
                              {&hidden_, g.token_matrix(g.mlp_width)},
                              {&logits_, static_cast<std::size_t>(g.labels)},
                              {&scores_, static_cast<std::size_t>(g.labels)}};
    if (device_) {
        const int head = g.head_chunks * g.blocks.lanes, most = most_head_channels(g.blocks.token_tile);
        if (head > most) {
            return fail(ErrorCode::unsupported,
                        "its heads have " + std::to_string(arch_.head_size()) +
                            " channels; attention on a device takes " + std::to_string(most) +
                            " at most, of which its groups keep sums in the memory they share");
        }
        const std::size_t pixels = static_cast<std::size_t>(arch_.channels) * arch_.image_height *
                                   arch_.image_width;
        arrays.insert(arrays.end(), {{&pixels_, pixels},
                                     {&keys_, g.keys_of_image()},
                                     {&values_, g.values_of_image()}});
        if (g.key_parts() > 1) {
            arrays.push_back({&mixtures_, g.mixtures_of_image()});
        }
    }
    const std::size_t batch = max_batch;
    std::size_t floats = 0, largest = 0;
    for (const Array &array : arrays) {
        if (batch * array.floats >= std::size_t{1} << 31) {
            return fail(ErrorCode::argument, "max_batch " + std::to_string(max_batch) +
                                                 " is too large for this model: one of " +
                                                 "its buffers would have more than 2^31 values");
        }
        floats += (batch * array.floats + 31) / 32 * 32;
        largest = std::max(largest, array.floats);
    }
    if (device_) {
        // Zeroed, as the host's memory is: pads that no stage writes are read.
        VIT_TRY_ASSIGN(const Memory zeros, Memory::allocate(batch * largest));
        for (const Array &array : arrays) {
            VIT_TRY_ASSIGN(*array.place, device_memory_.allocate(batch * array.floats));
            // A driver may find out now only that it has not the memory that it gave.
            const auto filled = device_->upload(zeros.data(), batch * array.floats, *array.place);
            if (!filled) {
                return fail(ErrorCode::memory, "cannot fill " +
                                                   std::to_string(batch * array.floats * sizeof(float)) +
                                                   " bytes on the device: " + filled.error().message);
            }
        }
        VIT_TRY(device_->finish());  // copies may have been queued only
        VIT_TRY_ASSIGN(memory_, Memory::allocate(2 * batch * g.labels));
        logits_here_ = memory_.data();
        scores_here_ = memory_.data() + batch * g.labels;
        return {};
    }
    VIT_TRY_ASSIGN(memory_, Memory::allocate(floats));
    std::size_t at = 0;
    for (const Array &array : arrays) {
        *array.place = memory_.data() + at;
        at += (batch * array.floats + 31) / 32 * 32;
    }
    logits_here_ = logits_.host;
    scores_here_ = scores_.host;
    return {};
}

Result<void> Forward::run(KernelContext &context, const float *pixels, int batch, StageClock &clock) {
    if (!device_) {
        return run_stages(context, pixels, batch, clock);
    }
    const std::size_t values = static_cast<std::size_t>(batch) * arch_.channels * arch_.image_height *
                               arch_.image_width;
    VIT_TRY(device_->upload(pixels, values, pixels_));
    VIT_TRY(run_stages(context, pixels_, batch, clock));
    return device_->download(logits_, static_cast<std::size_t>(batch) * geometry_.labels, logits_here_);
}

Result<void> Forward::run_on_device(KernelContext &context, std::uint64_t pixels, int batch,
                                    std::uint64_t logits, StageClock &clock) {
    const std::size_t values = static_cast<std::size_t>(batch) * arch_.channels * arch_.image_height *
                               arch_.image_width;
    VIT_TRY_ASSIGN(const Place from, device_->wrap(pixels, values));
    Result<Place> to = device_->wrap(logits, static_cast<std::size_t>(batch) * arch_.labels);
    Result<void> done;
    if (to) {
        done = run_stages(context, from, batch, clock);
        if (done) {
            done = device_->copy(logits_, geometry_.labels, *to, arch_.labels, arch_.labels, batch);
        }
        device_->unwrap(*to);
    } else {
        done = tl::unexpected<Error>(to.error());
    }
    device_->unwrap(from);
    return done;
}

Result<void> Forward::fetch_scores() {
    if (!device_) {
        return {};
    }
    return device_->download(scores_, static_cast<std::size_t>(batch_) * geometry_.labels, scores_here_);
}

Result<void> Forward::run_stages(KernelContext &context, const Place &pixels, int batch, StageClock &clock) {
    context_of_call_ = &context;
    clock_ = &clock;
    batch_ = batch;

    VIT_TRY(patch_embed(pixels, x_));  // eq. 1
    for (const PackedBlock &block : weights_.blocks) {
        const Tokens tokens = &block == &weights_.blocks.back() ? Tokens::class_token : Tokens::all;
        VIT_TRY(layer_norm(x_, block.norm1, Tokens::all, y_));
        if (tokens == Tokens::class_token && kernels_.class_attention) {  // which devices do not have
            VIT_TRY(linear_qkv(y_, block.qkv, tokens, qkv_));         // eq. 5
            VIT_TRY(class_attention(y_, block.qkv, qkv_, context_));  // eq. 5 to 7
        } else {
            VIT_TRY(linear_qkv(y_, block.qkv, Tokens::all, qkv_));    // eq. 5
            VIT_TRY(attention(qkv_, tokens, context_));               // eq. 6, 7
        }
        VIT_TRY(linear_proj(context_, block.proj, tokens, x_));   // eq. 8, 2
        VIT_TRY(layer_norm(x_, block.norm2, tokens, y_));
        VIT_TRY(linear_fc1(y_, block.fc1, tokens, hidden_));
        VIT_TRY(linear_fc2(hidden_, block.fc2, tokens, x_));      // eq. 3
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
    if (device_) {
        VIT_TRY(device_->finish());  // a call only queues
    }
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    clock_->add(name, taken.count(), flop);
    return context_of_call_->check(name, code);
}

// True tokens: what is computed for pads does not count.
double Forward::count(Tokens tokens) const {
    return batch_ * (tokens == Tokens::all ? arch_.tokens() : 1.0);
}

Dim Forward::tiles(Tokens tokens, int channels) const {
    const Geometry &g = geometry_;
    const std::int64_t tile = static_cast<std::int64_t>(g.blocks.token_tile) * channels;
    // The class token is the first of an image.
    return tokens == Tokens::all ? Dim{g.tiles * batch_, tile} : Dim{batch_, tile * g.tiles};
}

Result<void> Forward::patch_embed(const Place &pixels, const Place &x) {
    const Geometry &g = geometry_;
    const PackedLinear &layer = weights_.patch;
    const int lanes = g.blocks.lanes, token_tile = g.blocks.token_tile, panel = g.blocks.panel;
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

Result<void> Forward::layer_norm(const Place &x, const PackedNorm &norm, Tokens tokens, const Place &y) {
    const Geometry &g = geometry_;
    const int lanes = g.blocks.lanes, token_tile = g.blocks.token_tile;
    const std::initializer_list<Dim> dims{
        {lanes, 1}, {token_tile, lanes}, {g.chunks(g.width), lanes * token_tile}, tiles(tokens, g.width)};
    FloatView<4> in(x, dims), out(y, dims);
    FloatView<1> gamma(norm.gamma, {g.width}), beta(norm.beta, {g.width});
    return stage("layer_norm", 7 * count(tokens) * arch_.width, [&](KernelContext *context) {
        return kernels_.layer_norm(context, in, gamma, beta, arch_.width, arch_.layer_norm_epsilon, out);
    });
}

// An item has a vector of a tile's channels. On an H200, ViT-B/16 has 4,800 (proj) to 19,200 (fc1) for one
// image, which are 1.6 to 4.2 times as fast with k in parts; 64 images are up to a quarter slower so.
bool Forward::few(Tokens tokens, int outputs) const {
    constexpr std::int64_t enough_items = 1 << 16;
    const std::int64_t of_tokens = tiles(tokens, outputs).extent;
    return kernels_.qkv.few && of_tokens * geometry_.chunks(outputs) < enough_items;
}

// The buffers of a linear layer over some tokens, or of the part of it that makes the first `outputs`
// channels, whole panels.
struct Forward::LinearViews {
    FloatView<4> x, y;
    FloatView<3> weights;
    FloatView<1> bias;

    LinearViews(const Forward &forward, Tokens tokens, const Place &from, const PackedLinear &layer,
                int outputs, const Place &to)
        : LinearViews(forward.geometry_.blocks, forward.tiles(tokens, layer.inputs),
                      forward.tiles(tokens, layer.outputs), from, layer, outputs, to) {}
    LinearViews(const Forward &forward, Tokens tokens, const Place &from, const PackedLinear &layer,
                const Place &to)
        : LinearViews(forward, tokens, from, layer, layer.outputs, to) {}

private:
    LinearViews(const Blocks &b, Dim tiles_of_x, Dim tiles_of_y, const Place &from,
                const PackedLinear &layer, int outputs, const Place &to)
        : x(from, {{b.lanes, 1},
                   {b.token_tile, b.lanes},
                   {layer.inputs / b.lanes, b.lanes * b.token_tile},
                   tiles_of_x}),
          y(to, {{b.lanes, 1},
                 {b.token_tile, b.lanes},
                 {outputs / b.lanes, b.lanes * b.token_tile},
                 tiles_of_y}),
          weights(layer.panels, {b.panel, layer.inputs, outputs / b.panel}),
          bias(layer.bias, {outputs}) {}
};

Result<void> Forward::linear_qkv(const Place &x, const PackedLinear &layer, Tokens tokens, const Place &y) {
    const int parts = tokens == Tokens::all ? 3 : 1;  // q stands first
    LinearViews views(*this, tokens, x, layer, parts * geometry_.attention_width, y);
    const double width = arch_.width;
    return stage("linear/qkv", 2 * parts * count(tokens) * width * width, [&](KernelContext *context) {
        const Kernel &kernel =
            few(tokens, parts * geometry_.attention_width) ? kernels_.qkv.few : kernels_.qkv.many;
        return kernel(context, views.x, views.weights, views.bias, views.y);
    });
}

Result<void> Forward::linear_proj(const Place &x, const PackedLinear &layer, Tokens tokens,
                                  const Place &residual_and_y) {
    LinearViews views(*this, tokens, x, layer, residual_and_y);
    return stage("linear/proj", 2 * count(tokens) * arch_.width * arch_.width, [&](KernelContext *context) {
        const Kernel &kernel = few(tokens, layer.outputs) ? kernels_.proj.few : kernels_.proj.many;
        return kernel(context, views.x, views.weights, views.bias, views.y, views.y);
    });
}

Result<void> Forward::linear_fc1(const Place &x, const PackedLinear &layer, Tokens tokens, const Place &y) {
    LinearViews views(*this, tokens, x, layer, y);
    const Kernel &kernel = few(tokens, layer.outputs) ? kernels_.fc1.few : kernels_.fc1.many;
    return stage("linear/fc1", 2 * count(tokens) * arch_.width * arch_.mlp_width,
                 [&](KernelContext *context) {
                     return kernel(context, views.x, views.weights, views.bias, views.y);
                 });
}

Result<void> Forward::linear_fc2(const Place &x, const PackedLinear &layer, Tokens tokens,
                                 const Place &residual_and_y) {
    LinearViews views(*this, tokens, x, layer, residual_and_y);
    return stage(
        "linear/fc2", 2 * count(tokens) * arch_.width * arch_.mlp_width, [&](KernelContext *context) {
            const Kernel &kernel = few(tokens, layer.outputs) ? kernels_.fc2.few : kernels_.fc2.many;
            return kernel(context, views.x, views.weights, views.bias, views.y, views.y);
        });
}

Result<void> Forward::attention(const Place &qkv, Tokens queries, const Place &context_out) {
    const Geometry &g = geometry_;
    const int lanes = g.blocks.lanes, token_tile = g.blocks.token_tile, panel = g.blocks.panel;
    const std::int64_t chunk = static_cast<std::int64_t>(lanes) * token_tile;
    const std::int64_t part = chunk * g.chunks(g.attention_width);
    const int tiles = queries == Tokens::all ? g.tiles : 1;
    FloatView<7> in(qkv, {Dim{lanes, 1}, Dim{token_tile, lanes}, Dim{g.head_chunks, chunk},
                          Dim{g.heads, chunk * g.head_chunks}, Dim{3, part}, Dim{g.tiles, 3 * part},
                          Dim{batch_, 3 * part * g.tiles}});
    FloatView<6> out(context_out, {Dim{lanes, 1}, Dim{token_tile, lanes}, Dim{g.head_chunks, chunk},
                                   Dim{g.heads, chunk * g.head_chunks},
                                   Dim{tiles, part},
                                   Dim{batch_, part * g.tiles}});
    return stage(
        "attention", 4 * count(queries) * arch_.tokens() * arch_.width, [&](KernelContext *context) {
            if (!device_) {
                return kernels_.attention(context, in, g.tokens, context->pool().threads(), out);
            }
            FloatView<5> keys(keys_, {panel, g.head_chunks * lanes, g.key_panels(), g.heads, batch_});
            FloatView<4> values(values_, {g.head_chunks * lanes, g.tokens, g.heads, batch_});
            if (g.key_parts() == 1) {
                return kernels_.attention_in_one_part(context, in, g.tokens, out, keys, values);
            }
            FloatView<7> mixtures(mixtures_, {lanes, token_tile, g.head_chunks + 2, tiles, g.key_parts(),
                                              g.heads, batch_});
            return kernels_.attention_in_parts(context, in, g.tokens, g.key_parts(), out, keys, values,
                                            mixtures);
        });
}

Result<void> Forward::class_attention(const Place &x, const PackedLinear &qkv, const Place &q,
                                      const Place &context_out) {
    const Geometry &g = geometry_;
    const int lanes = g.blocks.lanes, token_tile = g.blocks.token_tile, panel = g.blocks.panel;
    const int part = g.attention_width;
    const std::int64_t chunk = static_cast<std::int64_t>(lanes) * token_tile, head = chunk * g.head_chunks;
    const std::int64_t image = chunk * g.chunks(part) * g.tiles;
    FloatView<5> in(x, {lanes, token_tile, g.chunks(g.width), g.tiles, batch_});
    FloatView<4> query(q, {Dim{lanes, 1}, Dim{g.head_chunks, chunk}, Dim{g.heads, head},
                           Dim{batch_, 3 * image}});
    FloatView<4> out(context_out, {Dim{lanes, 1}, Dim{g.head_chunks, chunk}, Dim{g.heads, head},
                                   Dim{batch_, image}});
    const auto panels = [&](int first) {
        return FloatView<3>(qkv.panels + static_cast<std::int64_t>(first) * qkv.inputs,
                            {panel, qkv.inputs, g.panels(part)});
    };
    FloatView<3> key_weights = panels(part), value_weights = panels(2 * part);
    FloatView<1> value_bias(qkv.bias + 2 * part, {part});
    const double width = arch_.width;
    return stage("class_attention", 4.0 * batch_ * width * (width + arch_.heads * arch_.tokens()),
                 [&](KernelContext *context) {
                     return kernels_.class_attention(context, in, query, key_weights, value_weights,
                                                     value_bias, g.tokens, out);
                 });
}

Result<void> Forward::head(const Place &x) {
    const Geometry &g = geometry_;
    const PackedLinear &layer = weights_.head;
    const int lanes = g.blocks.lanes, token_tile = g.blocks.token_tile, panel = g.blocks.panel;
    FloatView<5> z(x, {lanes, token_tile, g.chunks(g.width), g.tiles, batch_});
    FloatView<1> gamma(weights_.norm.gamma, {g.width}), beta(weights_.norm.beta, {g.width});
    FloatView<3> weights(layer.panels, {panel, layer.inputs, g.panels(layer.outputs)});
    FloatView<1> bias(layer.bias, {layer.outputs});
    FloatView<2> logits(logits_, {g.labels, batch_}), scores(scores_, {g.labels, batch_});
    return stage("head", 2.0 * batch_ * arch_.width * arch_.labels, [&](KernelContext *context) {
        return kernels_.head(context, z, gamma, beta, weights, bias, arch_.width, arch_.labels,
                      arch_.layer_norm_epsilon, logits, scores);
    });
}

}  // namespace vit
