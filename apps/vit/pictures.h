// Pictures on their way to the network, read, decoded and preprocessed by many threads at once.
#pragma once

#include <memory>

#include "batches.h"
#include "file_list.h"
#include "vit/vit.h"

namespace command {

struct PictureOptions {
    vit::ImageOptions image;
    int threads = 1;
};

// Preprocessed as the model's checkpoint says. Each thread has a session of its own, and at most two
// pictures of each wait for their turn: memory does not grow with the number of files.
std::unique_ptr<BatchSource> picture_source(const vit::Model &model, FileList files,
                                            const PictureOptions &options);

}  // namespace command
