// How far a call has come, told to the app.
#pragma once

#include <algorithm>

#include "error.h"

namespace vit {

// A fraction of the whole call. Errors: cancelled.
inline Result<void> tell(const Progress &progress, double done) {
    if (!progress.report || progress.report(progress.context, done)) return {};
    return fail(ErrorCode::cancelled, "loading was cancelled");
}

// A part of a call, from one fraction of it to another, in steps that add up to a total: bytes, as a rule.
class ProgressPart {
public:
    ProgressPart() = default;  // told to nobody
    ProgressPart(const Progress &progress, double begin, double end)
        : progress_(progress), begin_(begin), end_(end), told_(begin) {}

    // The sum of all steps, before the first.
    void expect(double total) { total_ = total; }

    // So many steps have been made. Errors: cancelled.
    Result<void> advance(double steps) {
        done_ += steps;
        const double done = begin_ + (end_ - begin_) * std::min(total_ > 0 ? done_ / total_ : 0, 1.0);
        constexpr double step = 1.0 / 64;  // what a bar shows
        if (done < told_ + step) return {};
        told_ = done;
        return tell(progress_, done);
    }

private:
    Progress progress_ = {};
    double begin_ = 0, end_ = 1, total_ = 0, done_ = 0, told_ = 0;
};

}  // namespace vit
