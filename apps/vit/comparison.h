// How close the logits of one model are to another's, picture by picture.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pictures.h"
#include "vit/vit.h"

namespace command {

class Comparison {
public:
    // Of a picture: what float32 says and what is compared with it, [labels] each.
    void add(const std::string &file, const float *expected, const float *found, int labels);

    // The largest difference is in parts of the largest logit of its picture.
    const vit::Accuracy &accuracy() const { return accuracy_; }
    // The picture of the lowest cosine.
    const std::string &worst() const { return worst_; }

private:
    vit::Accuracy accuracy_;
    double sum_of_cosines_ = 0;
    std::string worst_;
};

// Runs all pictures through models of one checkpoint, the first of which the others are compared with; one
// comparison for each of those. Threads of 0 are as many as a session takes. `report_failure` is told what
// could not be read.
std::vector<Comparison> compare(const std::vector<vit::Model> &models, FileList files,
                                const PictureOptions &options, int batch,
                                const std::function<void(const std::string &sentence)> &report_failure);

}  // namespace command
