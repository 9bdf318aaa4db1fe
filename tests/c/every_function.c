// Every function of vit.c.h, called from C11: every_function MODEL IMAGE DIRECTORY. MODEL is the bundled one,
// IMAGE its bag, DIRECTORY is written to. It ends with 0 if all answered as they should.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vit/vit.c.h>

static int failures = 0;

#define EXPECT(condition)                                                        \
    do {                                                                         \
        if (!(condition)) {                                                      \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);      \
            failures++;                                                          \
        }                                                                        \
    } while (0)

// What has to be there before the next step.
#define NEED(condition)                                                                     \
    do {                                                                                    \
        if (!(condition)) {                                                                 \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,              \
                    vit_error_message(error));                                              \
            exit(1);                                                                        \
        }                                                                                   \
    } while (0)

static void in_order(void *context, int n, void (*task)(void *argument, int i), void *argument) {
    ++*(int *)context;
    for (int i = 0; i < n; i++) task(argument, i);
}

static int32_t report(void *context, double done) {
    *(double *)context = done;
    return 1;
}

static int32_t give_up(void *context, double done) {
    (void)context;
    (void)done;
    return 0;
}

// The bytes of a file, which the caller frees.
static void *bytes_of(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = malloc(*size + 1);
    if (bytes) *size = fread(bytes, 1, *size, file);
    fclose(file);
    return bytes;
}

static void names(void) {
    EXPECT(strlen(vit_version()) >= 5);
    EXPECT(!strcmp(vit_code_name(VIT_OK), "ok"));
    EXPECT(!strcmp(vit_code_name(VIT_ERROR_CANCELLED), "cancelled"));
    EXPECT(!vit_code_name(VIT_ERROR_CANCELLED + 1) && !vit_code_name(-1));
    EXPECT(!strcmp(vit_precision_name(VIT_PRECISION_F32), "f32"));
    EXPECT(!strcmp(vit_precision_name(VIT_PRECISION_I8), "i8"));
    EXPECT(!vit_precision_name(VIT_PRECISION_UNSET) && !vit_precision_name(VIT_PRECISION_I8 + 1));
    EXPECT(!strcmp(vit_alpha_name(VIT_ALPHA_DROP), "drop") && !vit_alpha_name(2));
    EXPECT(!strcmp(vit_channel_order_name(VIT_ORDER_BGR), "bgr") && !vit_channel_order_name(-1));
    EXPECT(vit_error_code(NULL) == VIT_OK && !strcmp(vit_error_message(NULL), ""));
}

static void architectures(void) {
    vit_error *error = NULL;
    int count = 0;
    while (vit_architecture_name(count)) count++;
    EXPECT(count >= 5 && !vit_architecture_name(-1));
    char *text = vit_architecture_named("vit-b16", &error);
    NEED(text);
    EXPECT(strstr(text, "\"mlp_width\":3072"));
    EXPECT(vit_flop(text, &error) > 30e9 && vit_flop(text, NULL) == vit_flop("{}", NULL));
    EXPECT(vit_parameters(text, &error) == 86567656);
    vit_string_free(text);
    EXPECT(vit_flop("{\"heads\": 5}", &error) < 0 && vit_error_code(error) == VIT_ERROR_ARGUMENT);
    vit_error_free(error);
}

static void lists(void) {
    vit_error *error = NULL;
    vit_image_formats *formats = vit_image_formats_new(&error);
    NEED(formats);
    EXPECT(vit_image_formats_count(formats) > 0);
    EXPECT(strlen(vit_image_formats_name(formats, 0)) && strlen(vit_image_formats_decoder(formats, 0)));
    vit_image_formats_free(formats);
    vit_backends *backends = vit_backends_new(&error);
    NEED(backends);
    EXPECT(vit_backends_count(backends) > 0);
    const vit_backend *backend = vit_backends_at(backends, 0);
    EXPECT(strlen(backend->name) && strlen(backend->target));
    vit_backends_free(backends);
    const float scores[] = {1, 3, 2};
    vit_prediction best[2];
    EXPECT(vit_top_k(scores, 3, 2, best) == 2 && best[0].index == 1 && best[1].index == 2);
}

static void images(const char *path) {
    vit_error *error = NULL;
    vit_image *image = vit_image_read(path, NULL, &error);
    NEED(image);
    size_t size = 0;
    void *bytes = bytes_of(path, &size);
    const vit_image_options options = {.size = sizeof(options), .max_pixels = 1 << 20};
    vit_image *decoded = vit_image_decode(bytes, size, NULL, &options, &error);
    NEED(decoded);
    vit_image_view view = {.size = sizeof(view)};
    EXPECT(vit_image_as_view(decoded, &view, &error) == VIT_OK);
    vit_image *copied = vit_image_from_pixels(&view, &error);
    NEED(copied);
    vit_image *shared = vit_image_copy(copied, &error);
    NEED(shared);
    vit_image_free(copied);
    EXPECT(vit_image_width(shared) == vit_image_width(image));
    EXPECT(vit_image_height(shared) == vit_image_height(image));
    const size_t length = (size_t)vit_image_width(image) * (size_t)vit_image_height(image) * 3;
    EXPECT(!memcmp(vit_image_data(shared), vit_image_data(image), length));
    vit_image_free(shared);
    vit_image_free(decoded);
    vit_image_free(image);
    free(bytes);
}

static vit_model *models(const char *path, const char *directory) {
    vit_error *error = NULL;
    vit_model *random = vit_model_random("{\"depth\": 1, \"width\": 12, \"heads\": 3, \"mlp_width\": 8}", 7,
                                         NULL, &error);
    NEED(random);
    EXPECT(vit_model_labels(random) == 1000 && !strcmp(vit_model_label(random, 999), "LABEL_999"));
    vit_model_free(random);

    double done = -1;
    vit_model_options options = {.size = sizeof(options), .progress = {report, &done}};
    vit_model *model = vit_model_load(path, &options, &error);
    NEED(model);
    EXPECT(done == 1);
    options.progress.report = give_up;
    EXPECT(!vit_model_load(path, &options, &error) && vit_error_code(error) == VIT_ERROR_CANCELLED);
    vit_error_free(error);
    error = NULL;
    EXPECT(strstr(vit_model_architecture(model), "\"features\""));
    EXPECT(vit_model_image_height(model) > 0 && vit_model_image_width(model) > 0);
    EXPECT(vit_model_channels(model) == 3 && strlen(vit_model_backend(model)->name));
    EXPECT(vit_model_precision(model) == VIT_PRECISION_F32);
    int32_t width = 0, height = 0;
    EXPECT(vit_model_draft(model, &width, &height, &error) == VIT_OK && width > 0 && height > 0);

    char file[4096];
    snprintf(file, sizeof(file), "%s/every_function.vit", directory);
    const vit_accuracy accuracy = {sizeof(accuracy), 4, 3, 0.5, 0.75, 0.25};
    NEED(vit_model_save_packed(model, file, &accuracy, &error) == VIT_OK);
    EXPECT(!vit_model_has_accuracy(model));
    vit_model_free(model);

    size_t size = 0;
    void *bytes = bytes_of(file, &size);
    const vit_named_bytes packed = {"every_function.vit", bytes, size};
    options = (vit_model_options){.size = sizeof(options), .no_map = 1};
    model = vit_model_load_bytes(&packed, 1, &options, NULL, &error);
    NEED(model);
    free(bytes);
    remove(file);
    vit_accuracy kept = {.size = sizeof(kept)};
    EXPECT(vit_model_has_accuracy(model) && vit_model_accuracy(model, &kept, &error) == VIT_OK);
    EXPECT(kept.pictures == 4 && kept.agreeing == 3 && kept.largest_difference == 0.25);
    vit_model *copy = vit_model_copy(model, &error);
    NEED(copy);
    vit_model_free(model);
    return copy;
}

static void preprocessors(const vit_model *model, const char *path, float *pixels, float *expected,
                          size_t count) {
    vit_error *error = NULL;
    int loops = 0;
    const vit_preprocessor_options options = {sizeof(options), 2, 0, {in_order, &loops}};
    vit_preprocessor *preprocessor = vit_preprocessor_new(model, &options, &error);
    NEED(preprocessor);
    vit_image *image = vit_image_read(path, NULL, &error);
    vit_image_view view = {.size = sizeof(view)};
    NEED(vit_image_as_view(image, &view, &error) == VIT_OK);
    EXPECT(vit_preprocessor_run(preprocessor, &view, expected, &error) == VIT_OK);
    vit_image_free(image);
    EXPECT(vit_preprocessor_read(preprocessor, path, NULL, pixels, &error) == VIT_OK);
    EXPECT(!memcmp(pixels, expected, count * sizeof(float)));
    size_t size = 0;
    void *bytes = bytes_of(path, &size);
    EXPECT(vit_preprocessor_decode(preprocessor, bytes, size, "picture", NULL, pixels, &error) == VIT_OK);
    EXPECT(!memcmp(pixels, expected, count * sizeof(float)));
    EXPECT(loops > 0);
    free(bytes);
    vit_preprocessor_free(preprocessor);
}

static void sessions(vit_model *model, const char *path) {
    vit_error *error = NULL;
    const size_t count = (size_t)vit_model_channels(model) * (size_t)vit_model_image_height(model) *
                         (size_t)vit_model_image_width(model);
    const int32_t labels = vit_model_labels(model);
    float *pixels = calloc(count * 2, sizeof(float)), *logits = calloc((size_t)labels * 2, sizeof(float));
    preprocessors(model, path, pixels, pixels + count, count);

    vit_cancellation *cancellation = vit_cancellation_new(&error);
    NEED(cancellation);
    const vit_session_options options = {
        .size = sizeof(options), .threads = 2, .max_batch = 2, .cancellation = cancellation};
    EXPECT(vit_session_memory(model, &options, &error) > 0);
    vit_session *session = vit_session_new(model, &options, &error);
    NEED(session);
    EXPECT(vit_session_threads(session) == 2 && vit_session_max_batch(session) == 2);
    vit_stage_times_free(vit_session_stage_times(session, &error));

    vit_image *image = vit_image_read(path, NULL, &error);
    vit_image_view view = {.size = sizeof(view)};
    NEED(vit_image_as_view(image, &view, &error) == VIT_OK);
    EXPECT(vit_session_preprocess(session, &view, pixels, &error) == VIT_OK);
    EXPECT(!memcmp(pixels, pixels + count, count * sizeof(float)));
    EXPECT(vit_session_forward(session, pixels, 2, logits, &error) == VIT_OK);
    EXPECT(!memcmp(logits, logits + labels, (size_t)labels * sizeof(float)));
    EXPECT(vit_session_scores(session, logits, &error) == VIT_OK);
    vit_prediction best[4], whole[4];
    const int32_t found = vit_top_k(logits, labels, 2, best);
    int32_t n = 0;
    EXPECT(vit_session_classify(session, &view, 2, whole, &n, &error) == VIT_OK && n == found);
    EXPECT(!memcmp(best, whole, 2 * sizeof(best[0])));
    EXPECT(vit_session_classify_file(session, path, 2, NULL, whole, NULL, &error) == VIT_OK);
    EXPECT(!memcmp(best, whole, 2 * sizeof(best[0])));
    const vit_image_view *const views[] = {&view, &view};
    EXPECT(vit_session_classify_batch(session, views, 2, 2, whole, &n, &error) == VIT_OK && n == 2);
    EXPECT(!memcmp(best, whole, 2 * sizeof(best[0])) && !memcmp(best, whole + 2, 2 * sizeof(best[0])));
    EXPECT(!strcmp(vit_model_label(model, best[0].index), "Bag"));

    vit_stage_times *times = vit_session_stage_times(session, &error);
    NEED(times);
    EXPECT(vit_stage_times_count(times) > 3);
    EXPECT(vit_stage_times_at(times, 0)->calls > 0 && strlen(vit_stage_times_at(times, 0)->name));
    EXPECT(!vit_stage_times_at(times, -1) && !vit_stage_times_at(times, vit_stage_times_count(times)));
    vit_stage_times_free(times);

    vit_cancellation_set(cancellation, 1);
    EXPECT(vit_cancellation_is_set(cancellation) == 1);
    EXPECT(vit_session_forward(session, pixels, 1, logits, &error) == VIT_ERROR_CANCELLED);
    vit_error_free(error);
    vit_cancellation_set(cancellation, 0);
    EXPECT(vit_session_forward(session, pixels, 1, logits, &error) == VIT_OK && !error);
    EXPECT(vit_session_forward_on_device(session, 0, 1, 0, NULL) == VIT_ERROR_ARGUMENT);

    // A session keeps what it needs of its model.
    vit_model_free(model);
    EXPECT(vit_session_classify(session, &view, 1, best, NULL, &error) == VIT_OK && !error);
    vit_image_free(image);
    vit_session_free(session);
    vit_cancellation_free(cancellation);
    free(pixels);
    free(logits);
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: %s MODEL IMAGE DIRECTORY\n", argv[0]), 2;
    names();
    architectures();
    lists();
    images(argv[2]);
    sessions(models(argv[1], argv[3]), argv[2]);
    return failures ? 1 : 0;
}
