#include "network/pass.h"

#include <chrono>

namespace vit {

Pass::Pass(const Architecture &architecture, const Geometry &geometry, const NetworkKernels &kernels,
           const NetworkPlaces &weights, const Activations &activations, Device *device, int batch,
           KernelContext &context, StageClock &clock)
    : a_(architecture), g_(geometry), kernels_(kernels), weights_(weights), its_(activations),
      device_(device), batch_(batch), context_(context), clock_(clock), lanes_(geometry.blocks.lanes),
      token_tile_(geometry.blocks.token_tile), panel_(geometry.blocks.panel),
      read_(geometry.reads_first_tile ? Tokens::first_tile : Tokens::all) {}

Result<void> Pass::run(const Place &pixels) {
    const double width = a_.width, mlp = a_.mlp_width;
    VIT_TRY(patch_embed(pixels, its_.x));  // eq. 1
    for (const PackedBlock &block : weights_.blocks) {
        if (context_.is_rehearsing() && is_as_before(block)) continue;
        // The last block needs no tokens but those that the classifier reads, except to attend to.
        const Tokens seen = &block == &weights_.blocks.back() ? read_ : Tokens::all;
        VIT_TRY(norm(its_.x, block.norm1, Tokens::all, its_.y, block.qkv.precision));
        VIT_TRY(attend(block, seen));  // eq. 5 to 7
        VIT_TRY(linear("linear/proj", kernels_.proj, context_of(block), block.proj, seen, its_.x,
                       {g_.width, g_.width, g_.width, true}, width * width));  // eq. 8, 2
        VIT_TRY(norm(its_.x, block.norm2, seen, its_.y, block.fc1.precision));
        VIT_TRY(linear("linear/fc1", kernels_.fc1, its_.y, block.fc1, seen, its_.hidden,
                       {g_.fc1_outputs, g_.mlp_width, g_.mlp_width, false, block.fc2.groups},
                       width * mlp * (g_.fc1_outputs / g_.mlp_width)));
        VIT_TRY(linear("linear/fc2", kernels_.fc2, its_.hidden, block.fc2, seen, its_.x,
                       {g_.width, g_.width, g_.width, true}, width * mlp));  // eq. 3
    }
    return classify(its_.x);  // eq. 4
}

// A block in whose stages nothing is different from those of the one before it but the numbers.
bool Pass::is_as_before(const PackedBlock &block) const {
    return &block != &weights_.blocks.front() && &block != &weights_.blocks.back();
}

const Place &Pass::context_of(const PackedBlock &block) const {
    return g_.fixed && block.proj.precision == Precision::f32 ? its_.last_context : its_.context;
}

Result<void> Pass::attend(const PackedBlock &block, Tokens seen) {
    const double width = a_.width;
    const int attention_width = g_.attention_width;
    if (seen == Tokens::all || !kernels_.class_attention) {  // which devices do not have
        VIT_TRY(linear("linear/qkv", kernels_.qkv, its_.y, block.qkv, Tokens::all, its_.qkv,
                       {3 * attention_width, 3 * attention_width, 3 * attention_width}, 3 * width * width));
        return attention(its_.qkv, seen, context_of(block), block.proj.precision);
    }
    // q stands first.
    VIT_TRY(linear("linear/qkv", kernels_.qkv, its_.y, block.qkv, seen, its_.qkv,
                   {attention_width, attention_width, 3 * attention_width}, width * width));
    for (int token = 0; token < g_.features; token++) {
        VIT_TRY(class_attention(its_.y, block.qkv, its_.qkv, token, context_of(block)));
    }
    return {};
}

Result<void> Pass::classify(const Place &x) {
    if (read_ == Tokens::first_tile) {
        VIT_TRY(norm(x, weights_.norm, read_, its_.y));
        return head(its_.y, g_.tiles);
    }
    if (!a_.pooling.norm_last) {
        VIT_TRY(norm(x, weights_.norm, Tokens::all, its_.y));
        VIT_TRY(pool(its_.y, its_.pooled));
        return head(its_.pooled, g_.feature_tiles);
    }
    VIT_TRY(pool(x, its_.pooled));
    const std::initializer_list<int> dims{lanes_, token_tile_, g_.chunks(g_.width),
                                          g_.feature_tiles * batch_};
    View<4> in(its_.pooled, dims), out(its_.y, dims);
    View<1> gamma(weights_.norm.gamma, {g_.width}), beta(weights_.norm.beta, {g_.width});
    VIT_TRY(stage("layer_norm", 7.0 * batch_ * g_.features * a_.width, [&] {
        return kernels_.layer_norm(&context_, in, gamma, beta, a_.width, a_.layer_norm_epsilon, out);
    }));
    return head(its_.y, g_.feature_tiles);
}

template<typename Call>
Result<void> Pass::stage(const char *name, double flop, Call call) {
    if (context_.is_cancelled()) {
        return fail(ErrorCode::cancelled, "forward: was cancelled");
    }
    if (!clock_.is_running()) {
        return context_.check(name, call());
    }
    const auto start = std::chrono::steady_clock::now();
    const int code = call();
    if (device_) {
        VIT_TRY(device_->finish());  // a call only queues
    }
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    clock_.add(name, taken.count(), flop);
    return context_.check(name, code);
}

// True tokens that are asked for: what is computed for others of a tile does not count.
double Pass::count(Tokens tokens) const {
    return static_cast<double>(batch_) * (tokens == Tokens::all ? g_.tokens : g_.features);
}

// The dimension over the tiles of the batch, in a token matrix of so many channels.
Dim Pass::tiles(Tokens tokens, int channels) const {
    return tiles_of(tokens, static_cast<std::int64_t>(token_tile_) * channels);
}

// Of tiles of so many values.
Dim Pass::tiles_of(Tokens tokens, std::int64_t tile) const {
    return tokens == Tokens::all ? Dim{g_.tiles * batch_, tile} : Dim{batch_, tile * g_.tiles};
}

// A matrix in fixed point, in the place of one in float32, which is larger.
Pass::FixedView Pass::fixed(const Place &place, const Groups &groups, Tokens tokens) const {
    const std::int64_t chunk = static_cast<std::int64_t>(lanes_) * token_tile_;
    const int chunks = groups.chunks + g_.fixed.terms();
    return FixedView(Place(place.host, g_.fixed.activation_type()),
                     {Dim{lanes_, 1}, Dim{token_tile_, lanes_}, Dim{chunks, chunk},
                      Dim{groups.count, chunk * chunks}, tiles_of(tokens, g_.fixed.tile(groups))});
}

// An item has a vector of a tile's channels. On an H200, ViT-B/16 has 4,800 (proj) to 19,200 (fc1) for one
// image, which are 1.6 to 4.2 times as fast with k in parts; 64 images are up to a quarter slower so.
bool Pass::few(Tokens tokens, int outputs) const {
    constexpr std::int64_t enough_items = 1 << 16;
    const std::int64_t of_tokens = tiles(tokens, outputs).extent;
    return of_tokens * g_.chunks(outputs) < enough_items;
}

Result<void> Pass::patch_embed(const Place &pixels, const Place &x) {
    View<4> in(pixels, {a_.image_width, a_.image_height, a_.channels, batch_});
    View<3> weights(weights_.patch, {panel_, g_.patch_values, g_.panels(g_.width)});
    View<4> origin(weights_.origin, {lanes_, token_tile_, g_.chunks(g_.width), g_.tiles});
    View<7> patches(its_.patches, {lanes_, token_tile_, g_.patch_chunks, a_.patch_height, a_.channels,
                                   g_.tiles, batch_});
    View<5> embedded(x, {lanes_, token_tile_, g_.chunks(g_.width), g_.tiles, batch_});
    const double inputs = static_cast<double>(a_.channels) * a_.patch_height * a_.patch_width;
    return stage("patch_embed", 2.0 * batch_ * a_.patches() * inputs * a_.width, [&] {
        return kernels_.patch_embed(&context_, in, weights, origin, g_.prefix, a_.patch_width,
                                    a_.patch_height, patches, embedded);
    });
}

Result<void> Pass::norm(const Place &x, const PackedNorm &norm, Tokens tokens, const Place &y,
                        Precision precision) {
    const std::initializer_list<Dim> dims{{lanes_, 1},
                                          {token_tile_, lanes_},
                                          {g_.chunks(g_.width), lanes_ * token_tile_},
                                          tiles(tokens, g_.width)};
    View<4> in(x, dims), out(y, dims);
    View<1> gamma(norm.gamma, {g_.width}), beta(norm.beta, {g_.width});
    return stage("layer_norm", 7 * count(tokens) * a_.width, [&] {
        if (is_fixed_point(precision)) {
            const Groups groups = g_.groups_of_width();
            FixedView quantized = fixed(y, groups, tokens);
            return kernels_.layer_norm_fixed(&context_, in, gamma, beta, a_.width, a_.layer_norm_epsilon,
                                             groups.chunks, quantized);
        }
        return kernels_.layer_norm(&context_, in, gamma, beta, a_.width, a_.layer_norm_epsilon, out);
    });
}

Result<void> Pass::linear(const char *name, const LinearKernels &kernels, const Place &x,
                          const PackedLinear &layer, Tokens tokens, const Place &y, const Outputs &outputs,
                          double multiplications_of_token) {
    const std::int64_t chunk = static_cast<std::int64_t>(lanes_) * token_tile_;
    View<4> out(y, {Dim{lanes_, 1}, Dim{token_tile_, lanes_}, Dim{g_.chunks(outputs.channels), chunk},
                    tiles(tokens, outputs.of_y)});
    View<1> bias(layer.bias, {outputs.of_layer});
    const double flop = 2 * count(tokens) * multiplications_of_token;
    if (is_fixed_point(layer.precision)) {
        const int step = g_.fixed.step();
        FixedView in = fixed(x, layer.groups, tokens);
        View<4> weights(layer.panels, {step, panel_, layer.inputs / step, g_.panels(outputs.of_layer)});
        View<2> terms(layer.terms, {layer.outputs, layer.rows_of_terms(g_.fixed)});
        return stage(name, flop, [&] {
            if (outputs.quantized.count) {
                FixedView quantized = fixed(y, outputs.quantized, tokens);
                return kernels.reduced(&context_, in, weights, terms, bias, outputs.quantized.chunks,
                                     quantized);
            }
            return outputs.residual ? kernels.reduced(&context_, in, weights, terms, bias, out, out)
                                    : kernels.reduced(&context_, in, weights, terms, bias, out);
        });
    }
    View<4> in(x, {Dim{lanes_, 1}, Dim{token_tile_, lanes_}, Dim{g_.chunks(layer.inputs), chunk},
                   tiles(tokens, layer.inputs)});
    View<3> weights(layer.panels, {panel_, layer.inputs, g_.panels(outputs.of_layer)});
    const Kernel &kernel = layer.precision != Precision::f32                    ? kernels.reduced
                           : kernels.few && few(tokens, outputs.of_layer) ? kernels.few
                                                                          : kernels.many;
    return stage(name, flop, [&] {
        return outputs.residual ? kernel(&context_, in, weights, bias, out, out)
                                : kernel(&context_, in, weights, bias, out);
    });
}

Result<void> Pass::attention(const Place &qkv, Tokens queries, const Place &context, Precision precision) {
    const std::int64_t chunk = static_cast<std::int64_t>(lanes_) * token_tile_;
    const std::int64_t part = chunk * g_.chunks(g_.attention_width);
    const int query_tiles = queries == Tokens::all ? g_.tiles : 1;
    View<7> in(qkv, {Dim{lanes_, 1}, Dim{token_tile_, lanes_}, Dim{g_.head_chunks, chunk},
                     Dim{g_.heads, chunk * g_.head_chunks}, Dim{3, part}, Dim{g_.tiles, 3 * part},
                     Dim{batch_, 3 * part * g_.tiles}});
    View<6> out(context, {Dim{lanes_, 1}, Dim{token_tile_, lanes_}, Dim{g_.head_chunks, chunk},
                          Dim{g_.heads, chunk * g_.head_chunks}, Dim{query_tiles, part},
                          Dim{batch_, part * g_.tiles}});
    return stage("attention", 4 * count(queries) * g_.tokens * a_.width, [&] {
        if (is_fixed_point(precision)) {
            const Groups groups = g_.groups_of_context();
            const int chunks = groups.chunks + g_.fixed.terms();
            const std::int64_t tile = g_.fixed.tile(groups);
            View<6> quantized(Place(context.host, g_.fixed.activation_type()),
                              {Dim{lanes_, 1}, Dim{token_tile_, lanes_}, Dim{chunks, chunk},
                               Dim{g_.heads, chunk * chunks}, Dim{query_tiles, tile},
                               Dim{batch_, tile * g_.tiles}});
            return kernels_.attention_fixed(&context_, in, g_.tokens, context_.threads(), quantized);
        }
        if (kernels_.attention) {
            return kernels_.attention(&context_, in, g_.tokens, context_.threads(), out);
        }
        const int head = g_.head_chunks * lanes_;
        View<5> keys(its_.keys, {panel_, head, g_.key_panels(), g_.heads, batch_});
        View<4> values(its_.values, {head, g_.tokens, g_.heads, batch_});
        if (g_.key_parts() == 1) {
            return kernels_.attention_in_one_part(&context_, in, g_.tokens, out, keys, values);
        }
        View<7> mixtures(its_.mixtures, {lanes_, token_tile_, g_.head_chunks + 2, query_tiles,
                                         g_.key_parts(), g_.heads, batch_});
        return kernels_.attention_in_parts(&context_, in, g_.tokens, g_.key_parts(), out, keys, values,
                                           mixtures);
    });
}

Result<void> Pass::class_attention(const Place &x, const PackedLinear &qkv, const Place &q, int token,
                                   const Place &context) {
    const int part = g_.attention_width;
    const std::int64_t chunk = static_cast<std::int64_t>(lanes_) * token_tile_;
    const std::int64_t head = chunk * g_.head_chunks;
    const std::int64_t image = chunk * g_.chunks(part) * g_.tiles, row = std::int64_t{token} * lanes_;
    View<5> in(x, {lanes_, token_tile_, g_.chunks(g_.width), g_.tiles, batch_});
    View<4> query(q + row, {Dim{lanes_, 1}, Dim{g_.head_chunks, chunk}, Dim{g_.heads, head},
                            Dim{batch_, 3 * image}});
    View<4> out(context + row, {Dim{lanes_, 1}, Dim{g_.head_chunks, chunk}, Dim{g_.heads, head},
                                Dim{batch_, image}});
    const auto panels = [&](int first) {
        return View<3>(qkv.panels + static_cast<std::int64_t>(first) * qkv.inputs,
                       {panel_, qkv.inputs, g_.panels(part)});
    };
    View<3> key_weights = panels(part), value_weights = panels(2 * part);
    View<1> value_bias(qkv.bias + 2 * part, {part});
    const double width = a_.width;
    return stage("class_attention", 4.0 * batch_ * width * (width + a_.heads * g_.tokens), [&] {
        return kernels_.class_attention(&context_, in, query, key_weights, value_weights, value_bias,
                                        g_.tokens, out);
    });
}

Result<void> Pass::pool(const Place &x, const Place &pooled) {
    View<5> in(x, {lanes_, token_tile_, g_.chunks(g_.width), g_.tiles, batch_});
    View<2> ranges(weights_.ranges, {2, g_.features});
    View<5> out(pooled, {lanes_, token_tile_, g_.chunks(g_.width), g_.feature_tiles, batch_});
    return stage("pool", static_cast<double>(batch_) * g_.tokens * a_.width,
                 [&] { return kernels_.pool(&context_, in, ranges, out); });
}

Result<void> Pass::head(const Place &features, int tiles) {
    const PackedLinear &layer = weights_.head;
    View<5> in(features, {lanes_, token_tile_, g_.chunks(g_.width), tiles, batch_});
    View<3> weights(layer.panels, {panel_, layer.inputs, g_.panels(layer.outputs)});
    View<1> bias(layer.bias, {layer.outputs});
    View<2> logits(its_.logits, {g_.labels, batch_}), scores(its_.scores, {g_.labels, batch_});
    return stage("head", 2.0 * batch_ * g_.features * a_.width * a_.labels, [&] {
        return kernels_.head(&context_, in, weights, bias, g_.features, a_.labels, logits, scores);
    });
}

}  // namespace vit
