#include "c/model.h"

using namespace vit;
using namespace vit::c;

struct vit_session {
    Session its;
};

namespace {

Result<SessionOptions> options_of(const vit_session_options *options) {
    VIT_TRY_ASSIGN(const vit_session_options o, sized(options, "vit_session_options"));
    SessionOptions its;
    its.threads = o.threads;
    if (o.max_batch) its.max_batch = o.max_batch;
    its.parallel_for = parallel_for_of(o.parallel_for);
    its.cancelled = flag_of(o.cancellation);
    return its;
}

}  // namespace

vit_session *vit_session_new(const vit_model *model, const vit_session_options *options, vit_error **error) {
    return handle_of<vit_session>(error, [&]() -> Result<std::unique_ptr<vit_session>> {
        VIT_TRY_ASSIGN(const SessionOptions as, options_of(options));
        VIT_TRY_ASSIGN(Session made,
                       with(model, [&](const Model &its) { return Session::create(its, as); }));
        return std::unique_ptr<vit_session>(new vit_session{std::move(made)});
    });
}

void vit_session_free(vit_session *session) {
    delete session;
}

int64_t vit_session_memory(const vit_model *model, const vit_session_options *options, vit_error **error) {
    return value_of<std::int64_t>(error, -1, [&]() -> Result<std::int64_t> {
        VIT_TRY_ASSIGN(const SessionOptions as, options_of(options));
        return with(model, [&](const Model &its) { return Session::memory(its, as); });
    });
}

int32_t vit_session_threads(const vit_session *session) {
    return session ? session->its.threads() : 0;
}

int32_t vit_session_max_batch(const vit_session *session) {
    return session ? session->its.max_batch() : 0;
}

vit_code vit_session_classify(vit_session *session, const vit_image_view *image, int32_t top_k,
                              vit_prediction *best, int32_t *count, vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        VIT_TRY(there(best, "best"));
        VIT_TRY_ASSIGN(const ImageView view, view_of(image));
        VIT_TRY_ASSIGN(const std::vector<Prediction> found,
                       with(session, [&](Session &its) { return its.classify(view, top_k); }));
        const int32_t written = c::copy(found, best);
        if (count) *count = written;
        return {};
    });
}

vit_code vit_session_classify_file(vit_session *session, const char *path, int32_t top_k,
                                   const vit_image_options *options, vit_prediction *best, int32_t *count,
                                   vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        VIT_TRY(there(best, "best"));
        VIT_TRY_ASSIGN(const std::string from, text_of(path, "path"));
        VIT_TRY_ASSIGN(const ImageOptions as, c::options_of(options));
        VIT_TRY_ASSIGN(const std::vector<Prediction> found,
                       with(session, [&](Session &its) { return its.classify_file(from, top_k, as); }));
        const int32_t written = c::copy(found, best);
        if (count) *count = written;
        return {};
    });
}

vit_code vit_session_classify_batch(vit_session *session, const vit_image_view *const *images, int32_t n,
                                    int32_t top_k, vit_prediction *best, int32_t *count, vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        if (n < 0) return fail(ErrorCode::argument, "n is " + std::to_string(n) + ", below 0");
        if (n > 0) {
            VIT_TRY(there(best, "best"));
            VIT_TRY(there(images, "images"));
        }
        std::vector<ImageView> views;
        for (int32_t i = 0; i < n; i++) {
            VIT_TRY_ASSIGN(const ImageView view, view_of(images[i]));
            views.push_back(view);
        }
        VIT_TRY_ASSIGN(const std::vector<std::vector<Prediction>> found,
                       with(session, [&](Session &its) { return its.classify(views, top_k); }));
        int32_t of_each = 0;
        for (const std::vector<Prediction> &of_picture : found) {
            of_each = c::copy(of_picture, best);
            best += of_each;
        }
        if (count) *count = of_each;
        return {};
    });
}

vit_code vit_session_preprocess(vit_session *session, const vit_image_view *image, float *pixels,
                                vit_error **error) {
    return code_of(error, [&]() -> Result<void> {
        VIT_TRY_ASSIGN(const ImageView view, view_of(image));
        return with(session, [&](Session &its) { return its.preprocess(view, pixels); });
    });
}

vit_code vit_session_forward(vit_session *session, const float *pixels, int32_t batch, float *logits,
                             vit_error **error) {
    return code_of(error, [&] {
        return with(session, [&](Session &its) { return its.forward(pixels, batch, logits); });
    });
}

vit_code vit_session_scores(const vit_session *session, float *scores, vit_error **error) {
    return code_of(error,
                   [&] { return with(session, [&](const Session &its) { return its.scores(scores); }); });
}

vit_code vit_session_forward_on_device(vit_session *session, uint64_t pixels, int32_t batch, uint64_t logits,
                                       vit_error **error) {
    return code_of(error, [&] {
        return with(session, [&](Session &its) { return its.forward_on_device(pixels, batch, logits); });
    });
}

struct vit_stage_times {
    std::vector<StageTime> its;
    std::vector<vit_stage_time> seen;
};

vit_stage_times *vit_session_stage_times(vit_session *session, vit_error **error) {
    return handle_of<vit_stage_times>(error, [&]() -> Result<std::unique_ptr<vit_stage_times>> {
        VIT_TRY(there(session, "session"));
        auto times = std::make_unique<vit_stage_times>();
        times->its = session->its.stage_times();
        for (const StageTime &time : times->its) {
            times->seen.push_back({time.name.c_str(), time.milliseconds, time.flop, time.calls, 0});
        }
        return times;
    });
}

int32_t vit_stage_times_count(const vit_stage_times *times) {
    return times ? static_cast<int32_t>(times->seen.size()) : 0;
}

const vit_stage_time *vit_stage_times_at(const vit_stage_times *times, int32_t i) {
    return i >= 0 && i < vit_stage_times_count(times) ? &times->seen[i] : nullptr;
}

void vit_stage_times_free(vit_stage_times *times) {
    delete times;
}

int32_t vit_top_k(const float *scores, int32_t n, int32_t k, vit_prediction *best) {
    return scores && best ? c::copy(top_k(scores, n, k), best) : 0;
}
