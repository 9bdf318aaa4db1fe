// The handle of a picture.
#pragma once

#include "c/boundary.h"

struct vit_image {
    explicit vit_image(vit::Image image)
        : its(std::move(image)) {}

    vit::Image its;
};
