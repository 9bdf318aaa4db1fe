// The two interfaces under the same names, for tests of both: classes as vit.h has them, and its functions.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/c_interface.h"

namespace vit::test {

struct Cpp {
    using Image = vit::Image;
    using Model = vit::Model;
    using Preprocessor = vit::Preprocessor;
    using Session = vit::Session;

    static Image copy(const Image &image) { return image; }
    static Model copy(const Model &model) { return model; }
    static const char *version() { return vit::version(); }
    static std::vector<std::string> architecture_names() { return vit::architecture_names(); }
    static Result<Architecture> named_architecture(const std::string &name) {
        return vit::named_architecture(name);
    }
    static double flop(const Architecture &a) { return vit::flop(a); }
    static std::int64_t parameters(const Architecture &a) { return vit::parameters(a); }
    static std::vector<ImageFormat> image_formats() { return vit::image_formats(); }
    static std::vector<BackendInfo> backends() { return vit::backends(); }
    static std::vector<Prediction> top_k(const std::vector<float> &scores, int k) {
        return vit::top_k(scores.data(), static_cast<int>(scores.size()), k);
    }
};

struct C {
    using Image = c::Image;
    using Model = c::Model;
    using Preprocessor = c::Preprocessor;
    using Session = c::Session;

    static Image copy(const Image &image) { return image.copy(); }
    static Model copy(const Model &model) { return model.copy(); }
    static const char *version() { return vit_version(); }
    static std::vector<std::string> architecture_names() {
        std::vector<std::string> names;
        for (int i = 0; vit_architecture_name(i); i++) names.emplace_back(vit_architecture_name(i));
        return names;
    }
    static Result<Architecture> named_architecture(const std::string &name) {
        c::Failure error;
        const c::Owned<char, vit_string_free> text(vit_architecture_named(name.c_str(), error));
        if (!text) return error.take();
        return c::architecture_of(text.get());
    }
    static double flop(const Architecture &a) { return vit_flop(c::json_of(a).dump().c_str(), nullptr); }
    static std::int64_t parameters(const Architecture &a) {
        return vit_parameters(c::json_of(a).dump().c_str(), nullptr);
    }
    static std::vector<ImageFormat> image_formats() {
        const c::Owned<vit_image_formats, vit_image_formats_free> its(vit_image_formats_new(nullptr));
        std::vector<ImageFormat> formats;
        for (int i = 0; i < vit_image_formats_count(its.get()); i++) {
            formats.push_back(
                {vit_image_formats_name(its.get(), i), vit_image_formats_decoder(its.get(), i)});
        }
        return formats;
    }
    static std::vector<BackendInfo> backends() {
        const c::Owned<vit_backends, vit_backends_free> its(vit_backends_new(nullptr));
        std::vector<BackendInfo> infos;
        for (int i = 0; i < vit_backends_count(its.get()); i++) {
            infos.push_back(c::info_of(*vit_backends_at(its.get(), i)));
        }
        return infos;
    }
    static std::vector<Prediction> top_k(const std::vector<float> &scores, int k) {
        std::vector<vit_prediction> best(std::max(k, 0));
        best.resize(vit_top_k(scores.data(), static_cast<int>(scores.size()), k, best.data()));
        std::vector<Prediction> found;
        for (const vit_prediction &prediction : best) found.push_back({prediction.index, prediction.score});
        return found;
    }
};

}  // namespace vit::test
