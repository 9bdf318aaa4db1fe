// vit.h's classes over the C interface: what is tested of one is tested of the other, by the same lines.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "vit/fields.h"
#include "vit/vit.c.h"

namespace vit::test::c {

// The error of one call.
class Failure {
public:
    operator vit_error **() { return &error_; }
    Failure() = default;
    Failure(const Failure &) = delete;
    Failure &operator=(const Failure &) = delete;
    ~Failure() { vit_error_free(error_); }

    tl::unexpected<Error> take() const {
        return tl::unexpected<Error>(
            Error{static_cast<ErrorCode>(vit_error_code(error_) - 1), vit_error_message(error_)});
    }
    // Of a function that returns a code, which the error has, too.
    Result<void> result(vit_code code) const {
        if (code != vit_error_code(error_)) {
            return tl::unexpected<Error>(Error{ErrorCode::kernel, "another code than the error's"});
        }
        if (code == VIT_OK) return {};
        return take();
    }

private:
    vit_error *error_ = nullptr;
};

template<auto free>
struct Free {
    void operator()(auto *handle) const { free(handle); }
};
template<typename Handle, auto free>
using Owned = std::unique_ptr<Handle, Free<free>>;

inline nlohmann::json json_of(const Architecture &a) {
    nlohmann::json json = {{"name", a.name}};
    for_each_field(a, [&]<typename T>(const char *name, const T &value, auto...) {
        if constexpr (std::is_enum_v<T>) {
            json[name] = name_of(value);
        } else if constexpr (std::is_arithmetic_v<T>) {
            json[name] = value;
        } else {
            json[name] = nlohmann::json::array();
            for (const Feature feature : value) json[name].push_back(name_of(feature));
        }
    });
    return json;
}

inline Architecture architecture_of(const std::string &text) {
    const nlohmann::json json = nlohmann::json::parse(text);
    Architecture a;
    a.name = json.at("name");
    for_each_field(a, [&]<typename T>(const char *name, T &value, auto...) {
        if constexpr (std::is_enum_v<T>) {
            value = value_named<T>(json.at(name).get<std::string>()).value();
        } else if constexpr (std::is_arithmetic_v<T>) {
            value = json.at(name);
        } else {
            value.clear();
            for (const std::string feature : json.at(name)) value.push_back(*value_named<Feature>(feature));
        }
    });
    return a;
}

// A flag with the value that the app's has.
class Cancellation {
public:
    explicit Cancellation(const std::atomic<bool> *flag)
        : flag_(flag), its_(flag ? vit_cancellation_new(nullptr) : nullptr) {
        refresh();
    }
    void refresh() const {
        if (flag_) vit_cancellation_set(its_.get(), *flag_);
    }
    const vit_cancellation *get() const { return its_.get(); }

private:
    const std::atomic<bool> *flag_;
    Owned<vit_cancellation, vit_cancellation_free> its_;
};

class OptionsOfImage {
public:
    explicit OptionsOfImage(const ImageOptions &o)
        : cancellation_(o.cancelled),
          c_{sizeof(c_), !o.orientation, static_cast<vit_alpha>(o.alpha), o.accept_truncated,
             o.draft_width, o.draft_height, 0, o.max_pixels, o.max_memory, cancellation_.get()} {}
    const vit_image_options *get() const { return &c_; }

private:
    Cancellation cancellation_;
    vit_image_options c_;
};

inline vit_image_view view_of(const ImageView &v) {
    return {sizeof(vit_image_view),
            v.data,
            v.width,
            v.height,
            v.channels,
            static_cast<vit_channel_order>(v.order),
            v.row_stride,
            v.pixel_stride,
            v.channel_stride};
}

inline vit_parallel_for parallel_for_of(const ParallelFor &parallel_for) {
    return {parallel_for.run, parallel_for.context};
}

class Image {
public:
    Image() = default;
    static Result<Image> read(const std::string &path, const ImageOptions &options = {}) {
        Failure error;
        return made(vit_image_read(path.c_str(), OptionsOfImage(options).get(), error), error);
    }
    static Result<Image> decode(const void *bytes, std::size_t size, const std::string &name = "image",
                                const ImageOptions &options = {}) {
        Failure error;
        const OptionsOfImage its(options);
        return made(vit_image_decode(bytes, size, name.c_str(), its.get(), error), error);
    }
    static Result<Image> from_pixels(const ImageView &pixels) {
        Failure error;
        const vit_image_view view = c::view_of(pixels);
        return made(vit_image_from_pixels(&view, error), error);
    }
    int width() const { return vit_image_width(its_.get()); }
    int height() const { return vit_image_height(its_.get()); }
    const std::uint8_t *data() const { return vit_image_data(its_.get()); }
    ImageView view() const {
        vit_image_view v{};
        v.size = sizeof(v);
        if (vit_image_as_view(its_.get(), &v, nullptr) != VIT_OK) return {};
        return {v.data,       v.width,
                v.height,     v.channels,
                v.row_stride, static_cast<ChannelOrder>(v.order),
                v.pixel_stride, v.channel_stride};
    }
    Image copy() const { return Image(vit_image_copy(its_.get(), nullptr)); }

private:
    explicit Image(vit_image *image)
        : its_(image) {}
    static Result<Image> made(vit_image *image, const Failure &error) {
        if (!image) return error.take();
        return Image(image);
    }
    Owned<vit_image, vit_image_free> its_;
};

inline BackendInfo info_of(const vit_backend &b) {
    return {b.name,   b.target, b.supported != 0, b.reason, {b.devices, b.devices + b.device_count},
            b.tuned};
}

class OptionsOfModel {
public:
    explicit OptionsOfModel(const ModelOptions &o)
        : progress_(o.progress), c_{sizeof(c_),
                                    o.backend.c_str(),
                                    o.device,
                                    o.threads,
                                    o.precision ? static_cast<vit_precision>(*o.precision) + 1
                                                : VIT_PRECISION_UNSET,
                                    !o.verify,
                                    !o.map,
                                    0,
                                    o.handles.context,
                                    o.handles.queue,
                                    parallel_for_of(o.parallel_for),
                                    {}} {
        if (progress_.report) {
            c_.progress = {[](void *context, double done) -> std::int32_t {
                               const auto &progress = *static_cast<const Progress *>(context);
                               return progress.report(progress.context, done);
                           },
                           &progress_};
        }
    }
    OptionsOfModel(const OptionsOfModel &) = delete;
    OptionsOfModel &operator=(const OptionsOfModel &) = delete;
    const vit_model_options *get() const { return &c_; }

private:
    Progress progress_;
    vit_model_options c_;
};

class Model {
public:
    Model() = default;
    static Result<Model> load(const std::string &path, const ModelOptions &options = {}) {
        Failure error;
        return made(vit_model_load(path.c_str(), OptionsOfModel(options).get(), error), error);
    }
    static Result<Model> load_bytes(const std::vector<NamedBytes> &files, const ModelOptions &options = {},
                                    const std::string &name = "model") {
        Failure error;
        std::vector<vit_named_bytes> named;
        for (const NamedBytes &file : files) named.push_back({file.name.c_str(), file.data, file.size});
        return made(vit_model_load_bytes(named.data(), named.size(), OptionsOfModel(options).get(),
                                         name.c_str(), error),
                    error);
    }
    static Result<Model> random(const Architecture &architecture, std::uint64_t seed = 0,
                                const ModelOptions &options = {}) {
        Failure error;
        return made(vit_model_random(json_of(architecture).dump().c_str(), seed,
                                     OptionsOfModel(options).get(), error),
                    error);
    }
    Result<void> save_packed(const std::string &file, const std::optional<Accuracy> &accuracy = {}) const {
        Failure error;
        vit_accuracy kept{};
        if (accuracy) {
            kept = {sizeof(kept),          accuracy->pictures,    accuracy->agreeing,
                    accuracy->lowest_cosine, accuracy->mean_cosine, accuracy->largest_difference};
        }
        return error.result(
            vit_model_save_packed(its_.get(), file.c_str(), accuracy ? &kept : nullptr, error));
    }
    explicit operator bool() const { return its_ != nullptr; }
    Architecture architecture() const {
        return its_ ? architecture_of(vit_model_architecture(its_.get())) : Architecture();
    }
    std::string label(int index) const { return vit_model_label(its_.get(), index); }
    BackendInfo backend() const {
        return its_ ? info_of(*vit_model_backend(its_.get())) : BackendInfo();
    }
    Precision precision() const {
        const vit_precision precision = vit_model_precision(its_.get());
        return precision == VIT_PRECISION_UNSET ? Precision::f32 : static_cast<Precision>(precision - 1);
    }
    std::optional<Accuracy> accuracy() const {
        if (!vit_model_has_accuracy(its_.get())) return {};
        vit_accuracy a{};
        a.size = sizeof(a);
        if (vit_model_accuracy(its_.get(), &a, nullptr) != VIT_OK) return {};
        return Accuracy{a.pictures, a.agreeing, a.lowest_cosine, a.mean_cosine, a.largest_difference};
    }
    ImageOptions draft(ImageOptions options = {}) const {
        options.draft_width = options.draft_height = 0;
        (void)vit_model_draft(its_.get(), &options.draft_width, &options.draft_height, nullptr);
        return options;
    }
    Model copy() const { return Model(vit_model_copy(its_.get(), nullptr)); }
    const vit_model *handle() const { return its_.get(); }

private:
    explicit Model(vit_model *model)
        : its_(model) {}
    static Result<Model> made(vit_model *model, const Failure &error) {
        if (!model) return error.take();
        return Model(model);
    }
    Owned<vit_model, vit_model_free> its_;
};

class Preprocessor {
public:
    Preprocessor() = default;
    static Result<Preprocessor> create(const Model &model, int threads = 1,
                                       const ParallelFor &parallel_for = {}) {
        Failure error;
        const vit_preprocessor_options options{sizeof(options), threads, 0, parallel_for_of(parallel_for)};
        Preprocessor made;
        made.its_.reset(vit_preprocessor_new(model.handle(), &options, error));
        if (!made) return error.take();
        return made;
    }
    explicit operator bool() const { return its_ != nullptr; }
    Result<void> run(const ImageView &image, float *pixels) {
        Failure error;
        const vit_image_view view = c::view_of(image);
        return error.result(vit_preprocessor_run(its_.get(), &view, pixels, error));
    }
    Result<void> read(const std::string &path, const ImageOptions &options, float *pixels) {
        Failure error;
        return error.result(
            vit_preprocessor_read(its_.get(), path.c_str(), OptionsOfImage(options).get(), pixels, error));
    }
    Result<void> decode(const void *bytes, std::size_t size, const std::string &name,
                        const ImageOptions &options, float *pixels) {
        Failure error;
        return error.result(vit_preprocessor_decode(its_.get(), bytes, size, name.c_str(),
                                                    OptionsOfImage(options).get(), pixels, error));
    }

private:
    Owned<vit_preprocessor, vit_preprocessor_free> its_;
};

class Session {
public:
    Session() = default;
    static Result<Session> create(const Model &model, const SessionOptions &options = {}) {
        Failure error;
        Session made;
        made.cancellation_ = std::make_unique<Cancellation>(options.cancelled);
        const vit_session_options its = options_of(options, *made.cancellation_);
        made.its_.reset(vit_session_new(model.handle(), &its, error));
        if (!made) return error.take();
        return made;
    }
    static Result<std::int64_t> memory(const Model &model, const SessionOptions &options = {}) {
        Failure error;
        const Cancellation cancellation(options.cancelled);
        const vit_session_options its = options_of(options, cancellation);
        const std::int64_t bytes = vit_session_memory(model.handle(), &its, error);
        if (bytes < 0) return error.take();
        return bytes;
    }
    explicit operator bool() const { return its_ != nullptr; }

    Result<std::vector<Prediction>> classify(const ImageView &image, int top_k = 5) {
        const vit_image_view view = c::view_of(image);
        return predictions(top_k, [&](vit_prediction *best, std::int32_t *count, vit_error **error) {
            return vit_session_classify(handle(), &view, top_k, best, count, error);
        });
    }
    Result<std::vector<Prediction>> classify_file(const std::string &path, int top_k = 5,
                                                  const ImageOptions &options = {}) {
        const OptionsOfImage its(options);
        return predictions(top_k, [&](vit_prediction *best, std::int32_t *count, vit_error **error) {
            return vit_session_classify_file(handle(), path.c_str(), top_k, its.get(), best, count, error);
        });
    }
    Result<std::vector<std::vector<Prediction>>> classify(const std::vector<ImageView> &images,
                                                          int top_k = 5) {
        std::vector<vit_image_view> views;
        for (const ImageView &image : images) views.push_back(c::view_of(image));
        std::vector<const vit_image_view *> pointers;
        for (const vit_image_view &view : views) pointers.push_back(&view);
        const int n = static_cast<int>(images.size());
        std::int32_t count = 0;
        auto found = predictions(n * top_k, [&](vit_prediction *best, std::int32_t *, vit_error **error) {
            return vit_session_classify_batch(handle(), pointers.data(), n, top_k, best, &count, error);
        });
        if (!found) return tl::unexpected<Error>(found.error());
        std::vector<std::vector<Prediction>> of_each;
        for (int i = 0; i < n; i++) {
            of_each.emplace_back(found->begin() + i * count, found->begin() + (i + 1) * count);
        }
        return of_each;
    }
    Result<void> preprocess(const ImageView &image, float *pixels) {
        Failure error;
        const vit_image_view view = c::view_of(image);
        return error.result(vit_session_preprocess(handle(), &view, pixels, error));
    }
    Result<void> forward(const float *pixels, int batch, float *logits) {
        Failure error;
        return error.result(vit_session_forward(handle(), pixels, batch, logits, error));
    }
    Result<void> scores(float *scores) const {
        Failure error;
        return error.result(vit_session_scores(its_.get(), scores, error));
    }
    Result<void> forward_on_device(std::uint64_t pixels, int batch, std::uint64_t logits) {
        Failure error;
        return error.result(vit_session_forward_on_device(handle(), pixels, batch, logits, error));
    }
    int threads() const { return vit_session_threads(its_.get()); }
    int max_batch() const { return vit_session_max_batch(its_.get()); }
    std::vector<StageTime> stage_times() {
        const Owned<vit_stage_times, vit_stage_times_free> times(
            vit_session_stage_times(its_.get(), nullptr));
        std::vector<StageTime> found;
        for (int i = 0; i < vit_stage_times_count(times.get()); i++) {
            const vit_stage_time &time = *vit_stage_times_at(times.get(), i);
            found.push_back({time.name, time.calls, time.milliseconds, time.flop});
        }
        return found;
    }

private:
    std::unique_ptr<Cancellation> cancellation_;
    Owned<vit_session, vit_session_free> its_;

    vit_session *handle() const {
        if (cancellation_) cancellation_->refresh();
        return its_.get();
    }
    static vit_session_options options_of(const SessionOptions &o, const Cancellation &cancellation) {
        return {sizeof(vit_session_options), o.threads, o.max_batch, parallel_for_of(o.parallel_for),
                cancellation.get()};
    }
    template<typename Call>
    static Result<std::vector<Prediction>> predictions(int most, Call call) {
        Failure error;
        std::vector<vit_prediction> best(std::max(most, 1));
        std::int32_t count = -1;
        if (auto done = error.result(call(best.data(), &count, error)); !done) {
            return tl::unexpected<Error>(done.error());
        }
        std::vector<Prediction> found;
        for (int i = 0; i < (count < 0 ? most : count); i++) found.push_back({best[i].index, best[i].score});
        return found;
    }
};

}  // namespace vit::test::c
