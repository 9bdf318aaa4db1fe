#include "comparison.h"

#include <algorithm>
#include <cmath>

#include "batches.h"
#include "command.h"
#include "progress.h"

namespace command {

void Comparison::add(const std::string &file, const float *expected, const float *found, int labels) {
    double dot = 0, of_expected = 0, of_found = 0, difference = 0, largest = 0;
    for (int i = 0; i < labels; i++) {
        const double a = expected[i], b = found[i];
        dot += a * b;
        of_expected += a * a;
        of_found += b * b;
        difference = std::max(difference, std::abs(a - b));
        largest = std::max(largest, std::abs(a));
    }
    if (!std::isfinite(dot) || !std::isfinite(of_expected) || !std::isfinite(of_found)) {
        throw Failure(file + ": has logits that are not finite");
    }
    // Of nothing but zeros, alike if both are.
    const bool zero = of_expected == 0 || of_found == 0;
    const double cosine = zero ? of_expected == of_found : dot / std::sqrt(of_expected * of_found);
    accuracy_.pictures++;
    accuracy_.agreeing += std::max_element(expected, expected + labels) - expected ==
                          std::max_element(found, found + labels) - found;
    sum_of_cosines_ += cosine;
    accuracy_.mean_cosine = sum_of_cosines_ / static_cast<double>(accuracy_.pictures);
    if (accuracy_.pictures == 1 || cosine < accuracy_.lowest_cosine) {
        accuracy_.lowest_cosine = cosine;
        worst_ = file;
    }
    accuracy_.largest_difference =
        std::max(accuracy_.largest_difference, largest > 0 ? difference / largest : difference);
}

std::vector<Comparison> compare(const std::vector<vit::Model> &models, FileList files,
                                const PictureOptions &options, int batch,
                                const std::function<void(const std::string &)> &report_failure) {
    const vit::Architecture &a = models.front().architecture();
    const int most = static_cast<int>(std::clamp<std::int64_t>(files.size().value_or(batch), 1, batch));
    std::vector<vit::Session> sessions;
    for (const vit::Model &model : models) {
        const vit::SessionOptions session{.threads = options.threads, .max_batch = most};
        sessions.push_back(value_or_fail(vit::Session::create(model, session)));
    }
    Progress progress(files.size());
    const PictureOptions how{options.image, sessions.front().threads()};
    const auto source = picture_source(models.front(), std::move(files), how);
    Prefetch prefetch(*source, most);
    std::vector<Comparison> comparisons(models.size() - 1);
    std::vector<std::vector<float>> logits(models.size(),
                                           std::vector<float>(static_cast<std::size_t>(most) * a.labels));
    std::int64_t done = 0, missed = 0;
    for (;;) {
        const Batch &its = prefetch.next();
        if (its.items.empty()) break;
        for (std::size_t i = 0; i < models.size() && its.count > 0; i++) {
            value_or_fail(sessions[i].forward(its.pixels.data(), its.count, logits[i].data()));
        }
        std::size_t at = 0;
        for (const Item &item : its.items) {
            progress.show(++done);
            if (!item.error.empty()) {
                progress.hide();
                report_failure(item.error);
                missed++;
                continue;
            }
            for (std::size_t i = 1; i < models.size(); i++) {
                comparisons[i - 1].add(item.file, &logits[0][at], &logits[i][at], a.labels);
            }
            at += static_cast<std::size_t>(a.labels);
        }
    }
    progress.finish(done, missed);
    return comparisons;
}

}  // namespace command
