// What an app with a Halide of its own asks this library, linked statically or in a plugin.
#pragma once

#include <cstddef>

// Classifies a picture in a new session, and leaves the label's name. False, with a sentence instead, if it
// could not be.
extern "C" __attribute__((visibility("default"))) bool classify_picture(
    const char *model, const char *picture, char *label, std::size_t size);
