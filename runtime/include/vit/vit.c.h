// The C interface, for C11 and for every language that can call C: what vit.h offers, with its words.
//
//     #include <stdio.h>
//     #include <vit/vit.c.h>
//
//     int main(int argc, char **argv) {
//         if (argc != 3) return fprintf(stderr, "usage: %s MODEL IMAGE\n", argv[0]), 2;
//         vit_error *error = NULL;
//         vit_prediction best;
//         vit_model *model = vit_model_load(argv[1], NULL, &error);
//         vit_session *session = model ? vit_session_new(model, NULL, &error) : NULL;
//         if (session && !vit_session_classify_file(session, argv[2], 1, NULL, &best, NULL, &error)) {
//             printf("%s %.1f %%\n", vit_model_label(model, best.index), 100 * best.score);
//         }
//         if (error) fprintf(stderr, "%s\n", vit_error_message(error));
//         const int status = error != NULL;
//         vit_error_free(error);
//         vit_session_free(session);
//         vit_model_free(model);
//         return status;
//     }
//
// Handles are opaque. What a function called _new, _load, _read, _copy or the like returns is the caller's,
// who frees it with the function _free of its type; freeing null does nothing. A session or a preprocessor
// keeps what it needs of its model, which may be freed before. Models and images may be used by any number
// of threads at once; a session or a preprocessor by one at a time.
//
// What can fail returns a code, VIT_OK or not, or what it makes, or null, and takes an `error` last, which
// may be null. Otherwise *error becomes null or an error, which is the caller's; what was there before is
// not freed. A null handle, or null for what has to be there, is VIT_ERROR_ARGUMENT. No function prints,
// aborts or keeps global state.
//
// Structs that an app fills in begin with their size, so that it may have been compiled with an older or a
// newer version of this header: `vit_session_options options = {.size = sizeof(options)};`. In each, zero is
// what is usual, of a later version's fields, too; bytes beyond those that the library knows have to be
// zero. Null instead of options: all as usual. Where the library fills one in, it fills in what there is.
//
// Strings end in a zero byte. Those that go in are copied where they are needed later; those that come out
// belong to the handle that they come from and live as long, or for ever where there is none, unless it is
// said that the caller frees them. They are the bytes of the file that they come from, UTF-8 as a rule.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <vit/version.h>

#define VIT_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

// "0.1.0", of the library; that of the headers is in the macros of version.h.
VIT_API const char *vit_version(void);

// ---- Errors ----

// What kind of thing went wrong, for a program to act on (vit.h says more of each).
typedef int32_t vit_code;
enum {
    VIT_OK = 0,
    VIT_ERROR_IO = 1,           // a file or directory is missing or cannot be read
    VIT_ERROR_FORMAT = 2,       // a file is not what it claims to be
    VIT_ERROR_CONFIG = 3,       // a field of a JSON file is missing, out of range or contradicts another
    VIT_ERROR_TENSOR = 4,       // a tensor is missing, duplicate, of another shape or type, or not finite
    VIT_ERROR_UNSUPPORTED = 5,  // well-formed, but outside what this version computes
    VIT_ERROR_ARGUMENT = 6,     // a call's argument is out of range, or null
    VIT_ERROR_BACKEND = 7,      // the requested backend is not compiled in or cannot run on this machine
    VIT_ERROR_MEMORY = 8,       // an allocation failed
    VIT_ERROR_KERNEL = 9,       // a compiled stage reported an error
    VIT_ERROR_NOT_FINITE = 10,  // logits are not numbers: weights or pixels are too large for float32
    VIT_ERROR_CANCELLED = 11    // a vit_cancellation was set, or a vit_progress said so
};
// "io", "format", ...; null if there is no such code.
VIT_API const char *vit_code_name(vit_code code);

typedef struct vit_error vit_error;
// VIT_OK, and "", of null.
VIT_API vit_code vit_error_code(const vit_error *error);
// One sentence, for a person; it names the file, field, tensor or shape at fault.
VIT_API const char *vit_error_message(const vit_error *error);
VIT_API void vit_error_free(vit_error *error);

// For what is the caller's, and no handle: an architecture's text.
VIT_API void vit_string_free(char *string);

// ---- Values that have names; null if there is none of that number ----

typedef int32_t vit_precision;
enum {
    VIT_PRECISION_UNSET = 0,  // as a packed file has it, else f32
    VIT_PRECISION_F32 = 1,
    VIT_PRECISION_F16 = 2,
    VIT_PRECISION_BF16 = 3,
    VIT_PRECISION_I16 = 4,
    VIT_PRECISION_I8 = 5
};
VIT_API const char *vit_precision_name(vit_precision precision);

typedef int32_t vit_alpha;
enum {
    VIT_ALPHA_OVER_WHITE = 0,  // transparent pixels are laid over white
    VIT_ALPHA_DROP = 1         // their colours are taken as they are
};
VIT_API const char *vit_alpha_name(vit_alpha alpha);

typedef int32_t vit_channel_order;
enum { VIT_ORDER_RGB = 0, VIT_ORDER_BGR = 1 };
VIT_API const char *vit_channel_order_name(vit_channel_order order);

// ---- Architectures ----
// An architecture is a JSON object: the fields of vit.h's Architecture, as fields.h names them, which are
// numbers, booleans, the names of values and, for "features", a list of names; and "name", a string:
//     {"name": "vit-ti16", "width": 192, "heads": 3, "mlp_width": 768, "activation": "gelu_erf"}
// What comes out has them all. What goes in may leave out fields, which are then those of vit-b16.

// The names of the paper's sizes, in order; null from the first i that there is none for.
VIT_API const char *vit_architecture_name(int32_t i);
// The text of a size of the paper's, which the caller frees by vit_string_free. Null, if there is none.
VIT_API char *vit_architecture_named(const char *name, vit_error **error);
// Operations of one image's forward pass, a multiply-add as two. Negative: an error.
VIT_API double vit_flop(const char *architecture, vit_error **error);
// Number of learned values; likewise.
VIT_API int64_t vit_parameters(const char *architecture, vit_error **error);

// ---- Threads, cancelling, progress ----

// An app's own threads. run(context, n, task, argument) calls task(argument, i) once for each 0 <= i < n,
// from any threads, at the same time or one after the other, and returns when all have returned. It may be
// called for several sessions at a time. What context points to has to outlive what was made with it.
typedef struct vit_parallel_for {
    void (*run)(void *context, int n, void (*task)(void *argument, int i), void *argument);
    void *context;
} vit_parallel_for;

// How far a call has come: report is called by the thread that called the library, first with 0, last with 1
// and never with less than before. What returns 0 gives the call up: VIT_ERROR_CANCELLED.
typedef struct vit_progress {
    int32_t (*report)(void *context, double done);
    void *context;
} vit_progress;

// A flag, unset at first, that gives up the calls that look at it: VIT_ERROR_CANCELLED. Any thread may set
// it at any time, a handler of signals, too. It has to outlive the calls, or the session, that have it.
typedef struct vit_cancellation vit_cancellation;
VIT_API vit_cancellation *vit_cancellation_new(vit_error **error);
VIT_API void vit_cancellation_set(vit_cancellation *cancellation, int32_t is_set);
VIT_API int32_t vit_cancellation_is_set(const vit_cancellation *cancellation);
VIT_API void vit_cancellation_free(vit_cancellation *cancellation);

// ---- Pictures ----

// Pixels of the app's, 8 bits a channel, the top row first. The strides are in bytes and may be negative.
typedef struct vit_image_view {
    size_t size;               // of this struct
    const uint8_t *data;       // the first channel of the first pixel
    int32_t width, height;     // pixels
    int32_t channels;          // 1 grey, 2 grey and alpha, 3 colours (0: too), 4 colours and alpha
    vit_channel_order order;   // of colours; alpha is the last in any case
    ptrdiff_t row_stride;      // from one row to the next; 0: rows touch
    ptrdiff_t pixel_stride;    // from one pixel of a row to the next; 0: as many as channels
    ptrdiff_t channel_stride;  // from one channel of a pixel to the next; 0: one
} vit_image_view;

// How a picture is read.
typedef struct vit_image_options {
    size_t size;                           // of this struct
    int32_t ignore_orientation;            // not 0: it is not turned as its EXIF data say
    vit_alpha alpha;                       // what becomes of transparent pixels
    int32_t accept_truncated;              // not 0: of a file that ends early, what there is
    int32_t draft_width, draft_height;     // a JPEG may be decoded smaller, but not than this; 0: whole
    int32_t reserved;                      // 0
    int64_t max_pixels, max_memory;        // 0: 2^28 pixels, and 2^32 bytes that decoding may take
    const vit_cancellation *cancellation;  // null: never
} vit_image_options;

// The formats that can be read, and what decodes them: "JPEG", "libjpeg-turbo 2.1.5".
typedef struct vit_image_formats vit_image_formats;
VIT_API vit_image_formats *vit_image_formats_new(vit_error **error);
VIT_API int32_t vit_image_formats_count(const vit_image_formats *formats);
// Null unless 0 <= i < count.
VIT_API const char *vit_image_formats_name(const vit_image_formats *formats, int32_t i);
VIT_API const char *vit_image_formats_decoder(const vit_image_formats *formats, int32_t i);
VIT_API void vit_image_formats_free(vit_image_formats *formats);

// A decoded picture, always RGB. Errors: io, format, memory, cancelled, unsupported (beyond the limits).
typedef struct vit_image vit_image;
VIT_API vit_image *vit_image_read(const char *path, const vit_image_options *options, vit_error **error);
// `name` begins the sentences of errors; null: "image".
VIT_API vit_image *vit_image_decode(const void *bytes, size_t size, const char *name,
                                    const vit_image_options *options, vit_error **error);
VIT_API vit_image *vit_image_from_pixels(const vit_image_view *pixels, vit_error **error);
// Of the same picture, whose pixels are not copied.
VIT_API vit_image *vit_image_copy(const vit_image *image, vit_error **error);
// 0, 0 and null, of null.
VIT_API int32_t vit_image_width(const vit_image *image);
VIT_API int32_t vit_image_height(const vit_image *image);
VIT_API const uint8_t *vit_image_data(const vit_image *image);  // height x width x 3
// For what takes a view; view->size is the caller's, all else is written. The image has to outlive its use.
VIT_API vit_code vit_image_as_view(const vit_image *image, vit_image_view *view, vit_error **error);
VIT_API void vit_image_free(vit_image *image);

// ---- Backends ----

// One compiled target. Only the library makes these: they may become longer at their end.
typedef struct vit_backend {
    const char *name;            // "host", "x86-64-avx2", "cuda-80", ...
    const char *target;          // Halide's target string
    const char *reason;          // if it cannot run on this machine, why
    const char *tuned;           // the file that its schedules take their values from; "": the defaults
    const char *const *devices;  // of OpenCL or CUDA, in the order of vit_model_options.device
    int32_t device_count;
    int32_t supported;           // 1: it can run on this machine
} vit_backend;
typedef struct vit_backends vit_backends;
VIT_API vit_backends *vit_backends_new(vit_error **error);
VIT_API int32_t vit_backends_count(const vit_backends *backends);
// Null unless 0 <= i < count.
VIT_API const vit_backend *vit_backends_at(const vit_backends *backends, int32_t i);
VIT_API void vit_backends_free(vit_backends *backends);

// ---- Models ----

typedef struct vit_model_options {
    size_t size;                    // of this struct
    const char *backend;            // null or "": the first that can run here
    int32_t device;                 // which of vit_backend.devices
    int32_t threads;                // that load and pack, at most 256; 0: as many as this process may use
    vit_precision precision;        // others than f32 are computed by processors alone
    int32_t no_verify;              // not 0: a packed file's weights are not compared with their checksums
    int32_t no_map;                 // not 0: they are read, not mapped; the file may change then
    int32_t reserved;               // 0
    void *device_context;           // instead of a device, the app's own: CUcontext or cl_context,
    void *device_queue;             // CUstream or cl_command_queue; they have to outlive model and sessions
    vit_parallel_for parallel_for;  // if run is not null, no thread is started; threads is run's n
    vit_progress progress;
} vit_model_options;

// A file in memory, with the name that it would have in a checkpoint's directory.
typedef struct vit_named_bytes {
    const char *name;
    const void *data;
    size_t size;  // bytes
} vit_named_bytes;

// How close a model's answers come to those of float32, on some pictures.
typedef struct vit_accuracy {
    size_t size;                        // of this struct
    int64_t pictures, agreeing;         // how many, and of them those whose best label is the same
    double lowest_cosine, mean_cosine;  // of a picture's logits to those of float32
    double largest_difference;          // of a logit, in parts of its picture's largest
} vit_accuracy;

typedef struct vit_model vit_model;
// A checkpoint's directory, or a file that vit_model_save_packed wrote.
VIT_API vit_model *vit_model_load(const char *path, const vit_model_options *options, vit_error **error);
// What load finds in a directory, from memory, or one packed file of any name. `name` is the model's; null:
// "model". The bytes are needed during the call only, but for those of a packed file without no_map, which
// are used in place where they are aligned to 64 bytes and have to outlive the model and its sessions.
VIT_API vit_model *vit_model_load_bytes(const vit_named_bytes *files, size_t count,
                                        const vit_model_options *options, const char *name,
                                        vit_error **error);
// Random weights, the same for the same seed. Errors: argument for an architecture that cannot be.
VIT_API vit_model *vit_model_random(const char *architecture, uint64_t seed,
                                    const vit_model_options *options, vit_error **error);
// Of the same model, which is not copied.
VIT_API vit_model *vit_model_copy(const vit_model *model, vit_error **error);
VIT_API void vit_model_free(vit_model *model);
// For this backend's target and this version of the library. `accuracy` is kept with it; null: none.
VIT_API vit_code vit_model_save_packed(const vit_model *model, const char *file,
                                       const vit_accuracy *accuracy, vit_error **error);
// The JSON text, "{}" of null.
VIT_API const char *vit_model_architecture(const vit_model *model);
// Those of its sizes that buffers take; 0 of null.
VIT_API int32_t vit_model_image_height(const vit_model *model);
VIT_API int32_t vit_model_image_width(const vit_model *model);
VIT_API int32_t vit_model_channels(const vit_model *model);
VIT_API int32_t vit_model_labels(const vit_model *model);  // how many there are
// "LABEL_7" where the checkpoint names none; "" if there is no such label.
VIT_API const char *vit_model_label(const vit_model *model, int32_t index);
VIT_API const vit_backend *vit_model_backend(const vit_model *model);  // null of null
VIT_API vit_precision vit_model_precision(const vit_model *model);     // VIT_PRECISION_UNSET of null
// Of a packed file, what was kept with it, into *accuracy. Errors: argument, if none was.
VIT_API int32_t vit_model_has_accuracy(const vit_model *model);  // 1: some was
VIT_API vit_code vit_model_accuracy(const vit_model *model, vit_accuracy *accuracy, vit_error **error);
// What draft_width and draft_height are for this model, so that pictures are no smaller than it needs.
VIT_API vit_code vit_model_draft(const vit_model *model, int32_t *width, int32_t *height,
                                 vit_error **error);

// ---- Preprocessing alone ----

typedef struct vit_preprocessor_options {
    size_t size;                    // of this struct
    int32_t threads;                // as in vit_session_options
    int32_t reserved;               // 0
    vit_parallel_for parallel_for;  // likewise
} vit_preprocessor_options;

// For threads that do nothing else. Pixels are as for vit_session_forward, and written if all went well.
typedef struct vit_preprocessor vit_preprocessor;
VIT_API vit_preprocessor *vit_preprocessor_new(const vit_model *model,
                                               const vit_preprocessor_options *options, vit_error **error);
VIT_API void vit_preprocessor_free(vit_preprocessor *preprocessor);
VIT_API vit_code vit_preprocessor_run(vit_preprocessor *preprocessor, const vit_image_view *image,
                                      float *pixels, vit_error **error);
// Rows are resized as they are decoded.
VIT_API vit_code vit_preprocessor_read(vit_preprocessor *preprocessor, const char *path,
                                       const vit_image_options *options, float *pixels, vit_error **error);
VIT_API vit_code vit_preprocessor_decode(vit_preprocessor *preprocessor, const void *bytes, size_t size,
                                         const char *name, const vit_image_options *options, float *pixels,
                                         vit_error **error);

// ---- Sessions ----

typedef struct vit_session_options {
    size_t size;                           // of this struct
    int32_t threads;                       // at most 256; 0: as many as this process may use
    int32_t max_batch;                     // images that one forward pass takes; 0: one
    vit_parallel_for parallel_for;         // if run is not null, no thread is started; threads is run's n
    const vit_cancellation *cancellation;  // looked at between the stages of a forward pass; null: never
} vit_session_options;

typedef struct vit_prediction {
    int32_t index;  // of the label
    float score;    // as the architecture's "scores" says
} vit_prediction;

typedef struct vit_session vit_session;
VIT_API vit_session *vit_session_new(const vit_model *model, const vit_session_options *options,
                                     vit_error **error);
VIT_API void vit_session_free(vit_session *session);
// Bytes that a session with these options will take, before it is made; negative: an error.
VIT_API int64_t vit_session_memory(const vit_model *model, const vit_session_options *options,
                                   vit_error **error);
VIT_API int32_t vit_session_threads(const vit_session *session);    // 0 of null
VIT_API int32_t vit_session_max_batch(const vit_session *session);  // 0 of null

// The top_k labels of a picture, best first, into `best`, which has room for so many; *count, if it is not
// null, becomes how many there are: no more than the model has labels.
VIT_API vit_code vit_session_classify(vit_session *session, const vit_image_view *image, int32_t top_k,
                                      vit_prediction *best, int32_t *count, vit_error **error);
VIT_API vit_code vit_session_classify_file(vit_session *session, const char *path, int32_t top_k,
                                           const vit_image_options *options, vit_prediction *best,
                                           int32_t *count, vit_error **error);
// Of n pictures, in batches of max_batch: `best` has room for n times top_k, those of picture i begin at i
// times *count.
VIT_API vit_code vit_session_classify_batch(vit_session *session, const vit_image_view *const *images,
                                            int32_t n, int32_t top_k, vit_prediction *best, int32_t *count,
                                            vit_error **error);

// The three steps of classifying: picture -> pixels [channels, image_height, image_width];
VIT_API vit_code vit_session_preprocess(vit_session *session, const vit_image_view *image, float *pixels,
                                        vit_error **error);
// pixels [batch, channels, image_height, image_width] -> logits [batch, labels], 1 <= batch <= max_batch;
VIT_API vit_code vit_session_forward(vit_session *session, const float *pixels, int32_t batch, float *logits,
                                     vit_error **error);
// the scores [batch, labels] of the last forward pass; NaN for an image whose logits are not finite.
VIT_API vit_code vit_session_scores(const vit_session *session, float *scores, vit_error **error);
// As forward, with pixels and logits in the device's memory: CUdeviceptr or cl_mem. Queued, not waited for.
VIT_API vit_code vit_session_forward_on_device(vit_session *session, uint64_t pixels, int32_t batch,
                                               uint64_t logits, vit_error **error);

// One named step of the forward passes. Only the library makes these: they may become longer at their end.
typedef struct vit_stage_time {
    const char *name;     // "patch_embed", "layer_norm", "linear/qkv", ...
    double milliseconds;  // of all calls together
    double flop;          // likewise
    int32_t calls;
    int32_t reserved;
} vit_stage_time;
// Since the last call; timing starts with the first.
typedef struct vit_stage_times vit_stage_times;
VIT_API vit_stage_times *vit_session_stage_times(vit_session *session, vit_error **error);
VIT_API int32_t vit_stage_times_count(const vit_stage_times *times);
// Null unless 0 <= i < count.
VIT_API const vit_stage_time *vit_stage_times_at(const vit_stage_times *times, int32_t i);
VIT_API void vit_stage_times_free(vit_stage_times *times);

// The k largest of n scores, best first, into `best`; returns how many: 0 without memory for sorting them.
VIT_API int32_t vit_top_k(const float *scores, int32_t n, int32_t k, vit_prediction *best);

#ifdef __cplusplus
}
#endif
