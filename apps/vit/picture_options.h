// How a command line says how pictures are to be read.
#pragma once

#include <CLI/CLI.hpp>

#include "vit/vit.h"

namespace command {

struct PictureChoices {
    vit::ImageOptions image;
    bool draft = false;  // decode no larger than the model's preprocessing needs
};

void add_picture_options(CLI::App &app, PictureChoices &choices);

// The choices as the library takes them.
vit::ImageOptions image_options(const PictureChoices &choices, const vit::Model &model);

}  // namespace command
