// An app with a Halide pipeline, handlers and threads of its own, beside this library, which stands on
// Halide, too: neither meets the other's. app_pipeline.h has Halide's runtime as the app's version has it.
//
//     app MODEL PICTURE LABEL [PLUGIN local|global]
//
// The exit status is 1, after a sentence, where something is not as it should be.
#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "app_pipeline.h"
#include "classifier.h"

namespace {

struct Counts {
    std::atomic<int> mallocs{0}, frees{0}, loops{0}, errors{0};
    int marker = 42;
};
Counts counts;

void check(bool holds, const char *what) {
    if (!holds) {
        std::printf("not so: %s\n", what);
        std::exit(1);
    }
}

void check_own(const void *context) {
    check(context == &counts, "the app's handlers get the app's context");
}

void *on_malloc(void *context, std::size_t size) {
    check_own(context);
    counts.mallocs++;
    return std::aligned_alloc(128, (size + 127) / 128 * 128);
}

void on_free(void *context, void *block) {
    check_own(context);
    counts.frees++;
    std::free(block);
}

void on_error(void *context, const char *) {
    check_own(context);
    counts.errors++;
}

int on_par_for(void *context, halide_task_t task, int min, int size, std::uint8_t *closure) {
    check_own(context);
    counts.loops++;
    std::vector<std::thread> threads;
    for (int first = 0; first < 3; first++) {
        threads.emplace_back([=] {
            for (int i = first; i < size; i += 3) task(context, min + i, closure);
        });
    }
    for (std::thread &thread : threads) thread.join();
    return 0;
}

constexpr int width = 50, height = 20;

halide_buffer_t buffer_of(float *values, halide_dimension_t *dims, int count) {
    halide_buffer_t buffer{};
    buffer.host = reinterpret_cast<std::uint8_t *>(values);
    buffer.type = halide_type_t(halide_type_float, 32);
    buffer.dimensions = count;
    buffer.dim = dims;
    return buffer;
}

void run_pipeline() {
    std::vector<float> picture((width + 1) * (height + 1)), blurred(width * height);
    for (std::size_t i = 0; i < picture.size(); i++) picture[i] = static_cast<float>(i % 97);
    halide_dimension_t dims[] = {{0, width + 1, 1}, {0, height + 1, width + 1}};
    halide_dimension_t out_dims[] = {{0, width, 1}, {0, height, width}};
    halide_buffer_t in = buffer_of(picture.data(), dims, 2), out = buffer_of(blurred.data(), out_dims, 2);
    check(app_pipeline(&counts, &in, &out) == 0, "the app's pipeline runs");
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            const float *at = &picture[static_cast<std::size_t>(y * (width + 1) + x)];
            const float expected = (at[0] + at[1]) + (at[width + 1] + at[width + 2]);
            check(blurred[static_cast<std::size_t>(y * width + x)] == expected, "its answer is right");
        }
    }
}

// More is asked of the picture than there is.
void run_pipeline_wrongly() {
    float value = 0, out_value = 0;
    halide_dimension_t dims[] = {{0, 1, 1}, {0, 1, 1}};
    halide_buffer_t in = buffer_of(&value, dims, 2), out = buffer_of(&out_value, dims, 2);
    check(app_pipeline(&counts, &in, &out) != 0, "a picture that is too small is an error");
}

using Classify = decltype(&classify_picture);

Classify classify_of(int argc, char **argv) {
#ifdef APP_HALIDE_PLUGIN
    check(argc == 6, "app MODEL PICTURE LABEL PLUGIN local|global");
    const int scope = std::strcmp(argv[5], "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
    void *plugin = dlopen(argv[4], RTLD_NOW | scope);
    check(plugin, "the plugin is loaded");
    return reinterpret_cast<Classify>(dlsym(plugin, "classify_picture"));
#else
    check(argc == 4 && argv[3], "app MODEL PICTURE LABEL");
    return classify_picture;
#endif
}

void set_handlers() {
    halide_set_custom_malloc(on_malloc);
    halide_set_custom_free(on_free);
    halide_set_error_handler(on_error);
    halide_set_custom_do_par_for(on_par_for);
}

}  // namespace

int main(int argc, char **argv) {
    const Classify classify = classify_of(argc, argv);
    const auto classify_rightly = [&] {
        char label[200];
        check(classify(argv[1], argv[2], label, sizeof(label)), label);
        check(std::strcmp(label, argv[3]) == 0, "the picture gets its label");
    };
    classify_rightly();
    set_handlers();
    run_pipeline();
    const int mallocs = counts.mallocs, loops = counts.loops;
    check(mallocs >= height && counts.frees == mallocs && loops == 1, "the app's handlers are asked");

    classify_rightly();
    check(counts.mallocs == mallocs && counts.loops == loops, "of this library, they see nothing");
    set_handlers();
    constexpr int times = 20;
    std::thread pipelines([] {
        for (int i = 0; i < times; i++) run_pipeline();
    });
    for (int i = 0; i < 5; i++) classify_rightly();
    pipelines.join();
    check(counts.mallocs == mallocs * (times + 1) && counts.frees == counts.mallocs, "each call allocates");
    check(counts.loops == loops * (times + 1), "each call is one loop");

    char sentence[200];
    check(!classify(argv[1], "missing.png", sentence, sizeof(sentence)), "a missing picture is an error");
    check(std::strstr(sentence, "missing.png"), "its sentence names it");
    check(counts.errors == 0, "the app's handler does not see it");
    run_pipeline_wrongly();
    check(counts.errors == 1, "its own error it sees");
    void *block = halide_malloc(&counts, 100);
    check(block && counts.mallocs == mallocs * (times + 1) + 1, "halide_malloc is the app's");
    halide_free(&counts, block);
    return 0;
}
