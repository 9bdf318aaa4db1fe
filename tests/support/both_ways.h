// What the network sees of a picture that is decoded whole and then preprocessed, and of one whose rows are
// preprocessed as they are decoded: the same to the bit, or the same sentence.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/backend/backend.h"
#include "runtime/picture/image.h"
#include "runtime/preprocess/preprocess_sink.h"

namespace vit::test {

class BothWays {
public:
    // There is a plan of each for every picture that Image::decode returns.
    static std::vector<Preprocessing> preprocessings() {
        Preprocessing squashed, cropped, nearest, as_it_is;
        squashed.width = 5;
        squashed.height = 7;
        cropped.width = 40;
        cropped.height = 25;
        cropped.filter = Filter::bicubic;
        cropped.do_center_crop = true;
        cropped.crop_width = cropped.crop_height = 30;
        cropped.fill = {1, 2, 3};
        nearest.width = nearest.height = 20;
        nearest.filter = Filter::nearest;
        as_it_is.resize = Resize::none;
        as_it_is.do_center_crop = true;
        as_it_is.crop_width = 12;
        as_it_is.crop_height = 9;
        return {squashed, cropped, nearest, as_it_is};
    }

    explicit BothWays(int threads = 1)
        : context_(threads), kernels_(*PreprocessKernels::find(backend())) {
        install_halide_handlers();
    }

    // Empty if they agree.
    std::string difference(const void *data, std::size_t size, const ImageOptions &options,
                           const Preprocessing &asked) {
        const std::string whole = decoded_whole(data, size, options, asked);
        const std::string rows = decoded_by_rows(data, size, options, asked);
        if (whole == rows) return "";
        const auto shown = [](const std::string &answer) {
            return answer.starts_with("name: ") ? answer : std::to_string(answer.size()) + " bytes";
        };
        return "whole: " + shown(whole) + "; by rows: " + shown(rows);
    }

    // The bytes of the pixels, or a sentence that begins with "name: ".
    std::string decoded_whole(const void *data, std::size_t size, const ImageOptions &options,
                              const Preprocessing &asked) {
        const Result<Image> image = Image::decode(data, size, "name", options);
        if (!image) return image.error().message;
        Result<PreprocessPlan> plan = plan_preprocess(asked, image->width(), image->height());
        if (!plan) return "name: " + plan.error().message;
        std::vector<float> pixels(std::size_t{3} * plan->width * plan->height, unwritten);
        const Result<void> done = run_preprocess(kernels_, context_, *plan, image->view(), pixels.data());
        return done ? bytes_of(pixels) : "name: " + done.error().message;
    }

    std::string decoded_by_rows(const void *data, std::size_t size, const ImageOptions &options,
                                const Preprocessing &asked) {
        PreprocessPlan plan;
        const auto plan_for = [&](int width, int height) -> Result<PreprocessPlan *> {
            auto made = plan_preprocess(asked, width, height);
            if (!made) return fail(made.error().code, "name: " + made.error().message);
            plan = std::move(*made);
            return &plan;
        };
        PreprocessSink sink(kernels_, context_, plan_for, bands_);
        const Result<void> decoded = decode_picture(data, size, "name", options, sink);
        if (!decoded) return decoded.error().message;
        std::vector<float> pixels(std::size_t{3} * plan.width * plan.height, unwritten);
        const Result<void> done = sink.finish(pixels.data());
        return done ? bytes_of(pixels) : "name: " + done.error().message;
    }

private:
    // Of this machine; a build for another one has none.
    static const Backend &backend() {
        const auto chosen = choose_backend("");
        if (!chosen) {
            std::fprintf(stderr, "%s\n", chosen.error().message.c_str());
            std::exit(1);
        }
        return **chosen;
    }

    static constexpr float unwritten = 1e30f;

    static std::string bytes_of(const std::vector<float> &pixels) {
        return std::string(reinterpret_cast<const char *>(pixels.data()), pixels.size() * sizeof(float));
    }

    KernelContext context_;
    PreprocessKernels kernels_;
    PreprocessSink::Bands bands_;  // used again and again, as a Preprocessor does
};

}  // namespace vit::test
