// Vision Transformer image classification (Dosovitskiy et al., arXiv 2010.11929).
//
//     #include <cstdio>
//     #include <vit/vit.h>
//
//     int main(int argc, char **argv) {
//         if (argc != 3) return std::fprintf(stderr, "usage: %s MODEL IMAGE\n", argv[0]), 2;
//         auto model = vit::Model::load(argv[1]);
//         if (!model) return std::fprintf(stderr, "%s\n", model.error().message.c_str()), 1;
//         auto session = vit::Session::create(*model);
//         if (!session) return std::fprintf(stderr, "%s\n", session.error().message.c_str()), 1;
//         auto best = session->classify_file(argv[2], 1);
//         if (!best) return std::fprintf(stderr, "%s\n", best.error().message.c_str()), 1;
//         std::printf("%s %.1f %%\n", model->label(best->front().index).c_str(), 100 * best->front().score);
//     }
//
// A Model is immutable and may be shared by any number of threads. A Session owns the buffers and the worker
// threads of one stream of work; give each thread its own. No function prints, aborts, throws or keeps
// global state; what can fail returns a Result, whose Error names the file, field, tensor or shape at fault
// in one sentence. Where there is no memory for such a sentence, it is "out of memory", which takes none;
// where there is none for the list that a function returns, the list is empty.
//
// Types of the C++ standard library pass the boundary: an app is compiled as C++17 or later, against the
// same standard library as this one was, and with the same answer to what changes the size of its types, as
// -D_GLIBCXX_DEBUG does: an app that has it alone crashes. Where that cannot be, the C interface is the way
// (vit/vit.c.h).
#pragma once

#if __cplusplus < 201703L
#error "vit/vit.h is C++17: compile with -std=c++17 or later, or use the C interface, vit/vit.c.h"
#else  // and nothing else that it would not understand

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "vit/version.h"

#define VIT_API __attribute__((visibility("default")))

namespace vit {

// What kind of thing went wrong, for a program to act on.
enum class ErrorCode {
    io,           // a file or directory is missing or cannot be read
    format,       // a file is not what it claims to be: image, JSON, safetensors
    config,       // a field of a JSON file is missing, out of range or contradicts another
    tensor,       // a tensor is missing, duplicate, of another shape or type than expected, or not finite
    unsupported,  // well-formed, but outside what this version computes
    argument,     // a call's argument is out of range
    backend,      // the requested backend is not compiled in or cannot run on this machine
    memory,       // an allocation failed
    kernel,       // a compiled stage reported an error
    not_finite,   // logits are not numbers: weights or pixels are too large for float32
    cancelled,    // ImageOptions::cancelled or SessionOptions::cancelled was set, or Progress said so
};

struct Error {
    ErrorCode code;
    std::string message;  // one sentence, for a person
};

template<typename T>
using Result = tl::expected<T, Error>;

// What stands between the two linear layers of a block's MLP.
enum class Activation { gelu_erf,      // z Phi(z), Phi by the error function (Hendrycks and Gimpel 2016)
                        gelu_tanh,     // the same by its tanh approximation
                        quick_gelu,    // z sigmoid(1.702 z)
                        relu,          // max(z, 0)
                        silu,          // z sigmoid(z)
                        tanh,
                        silu_gated };  // silu(gate) value, both made by the first layer (Shazeer 2020)
inline constexpr const char *activation_names[] = {"gelu_erf", "gelu_tanh", "quick_gelu", "relu",
                                                   "silu",     "tanh",      "silu_gated"};

// What the classifier sees of the last block's tokens.
enum class Feature { class_token,
                     distillation_token,
                     patch_mean };
inline constexpr const char *feature_names[] = {"class_token", "distillation_token", "patch_mean"};

// How logits become scores: a distribution, one probability for each label, or as they are.
enum class Scores { softmax,
                    sigmoid,
                    identity };
inline constexpr const char *scores_names[] = {"softmax", "sigmoid", "identity"};

// The numbers that the linear layers of the blocks multiply; all else is float32. In fixed point a matrix of
// activations gets its scales as it is made, one for some channels of each token; weights have one for each
// output (generators/fixed_point.h).
enum class Precision { f32,
                       f16,   // float32 arithmetic on weights that are kept in 16 bits: half of the memory
                       bf16,  // likewise, bfloat16
                       i16,   // 12 bits either side: answers as float32's, to about 4 digits
                       i8 };  // 8 bits either side: answers close to float32's; see `vit compare`
inline constexpr const char *precision_names[] = {"f32", "f16", "bf16", "i16", "i8"};

// The sizes of a Vision Transformer, with the paper's symbols, and what its relatives do otherwise.
struct Architecture {
    std::string name;  // as in "vit-b16" or the checkpoint's directory
    int image_height = 224, image_width = 224;
    int patch_height = 16, patch_width = 16;  // P
    int channels = 3;                         // C
    int width = 768;                          // D
    int depth = 12;                           // L
    int heads = 12;                           // k; D_h = width / heads
    int mlp_width = 3072;
    int labels = 1000;  // K
    float layer_norm_epsilon = 1e-12f;
    bool qkv_bias = true;
    Activation activation = Activation::gelu_erf;
    // What a block's attention and MLP add is scaled, channel by channel (Touvron et al. 2021, LayerScale).
    bool layer_scale = false;

    // The tokens before the patches, in this order.
    struct Prefix {
        bool class_token = true;
        bool distillation_token = false;  // DeiT's (Touvron et al. 2021)
        int registers = 0;                // Darcet et al. 2023
        int positioned = 1;  // so many of them, from the first on, have a position, as patches have

        int tokens() const { return class_token + distillation_token + registers; }
    } prefix;

    struct Pooling {
        std::vector<Feature> features{Feature::class_token};
        // The last LayerNorm is applied to the features (timm's fc_norm); otherwise to the tokens before.
        bool norm_last = false;
        // Each feature has a classifier of its own, and the logits are their mean (DeiT's two); otherwise
        // one classifier has all of them side by side.
        bool head_of_each = false;
    } pooling;
    Scores scores = Scores::softmax;

    int patches() const {
        return (image_height / patch_height) * (image_width / patch_width);
    }
    int tokens() const {  // N + 1 of the paper's
        return prefix.tokens() + patches();
    }
    int head_size() const {
        return width / heads;
    }
};

// Multiply-adds of one image's forward pass, counted as two operations each, biases and pointwise functions
// left out. Where the classifier reads the class token alone, the last block counts for nothing else, and
// nothing else is computed there, neither keys nor values, which is 8 % of ViT-B/16. (A device computes
// these two.) 0 for sizes that cannot be.
VIT_API double flop(const Architecture &architecture) noexcept;
// Number of learned values; 0, likewise, and where there is no memory to count them with.
VIT_API std::int64_t parameters(const Architecture &architecture) noexcept;
// The paper's sizes by name: vit-ti16, vit-s16, vit-b16, vit-b32, vit-l16, vit-h14, ... (1000 labels, 224
// pixels).
VIT_API Result<Architecture> named_architecture(const std::string &name);
VIT_API std::vector<std::string> architecture_names() noexcept;

// In which order the colours of a pixel come; alpha is the last in any case.
enum class ChannelOrder { rgb,
                          bgr };  // as OpenCV and Windows have them

// Pixels that belong to somebody else, 8 bits a channel, the top row first. The three strides are distances
// in bytes and may be negative, for a picture that lies bottom up or mirrored; `data` is the first channel
// of the first pixel, wherever that lies. Interleaved pixels need none of them; four bytes a pixel of which
// the last means nothing are {.channels = 3, .pixel_stride = 4}; planes one behind the other {.channels = 3,
// .pixel_stride = 1, .channel_stride = width * height}.
struct ImageView {
    const std::uint8_t *data = nullptr;
    int width = 0, height = 0;
    int channels = 3;               // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha (laid over white)
    std::ptrdiff_t row_stride = 0;  // from one row to the next; 0: rows touch
    ChannelOrder order = ChannelOrder::rgb;
    std::ptrdiff_t pixel_stride = 0;    // from one pixel of a row to the next; 0: as many as channels
    std::ptrdiff_t channel_stride = 0;  // from one channel of a pixel to the next; 0: one
};

// What becomes of transparent pixels.
enum class Alpha {
    over_white,  // they are laid over white, as a page would show them
    drop         // their colours are taken as they are, hidden ones too, as Pillow's convert("RGB") does
};

// How a picture is read.
struct ImageOptions {
    bool orientation = true;  // turn and mirror it as its EXIF data say, so that up is up
    Alpha alpha = Alpha::over_white;
    bool accept_truncated = false;  // of a file that ends early, what there is
    // A JPEG picture may be decoded at 1/2, 1/4 or 1/8 of its size, as long as it stays at least this large
    // (Pillow's Image.draft): faster, and not the same pixels. 0: whole.
    int draft_width = 0, draft_height = 0;
    std::int64_t max_pixels = std::int64_t{1} << 28;
    std::int64_t max_memory = std::int64_t{4} << 30;  // bytes that decoding may take
    // Set to true by any thread, the picture is given up: JPEG and PNG at the next row, TIFF at the next
    // strip or tile, the other formats before they are decoded or afterwards. It has to outlive the call.
    // Null: never.
    const std::atomic<bool> *cancelled = nullptr;
};

// A format of pictures, and the library that decodes it: "JPEG", "libjpeg-turbo 2.1.5".
struct ImageFormat {
    std::string name, decoder;
};
VIT_API std::vector<ImageFormat> image_formats() noexcept;

// A decoded picture, always RGB. Copying it copies no pixels.
class VIT_API Image {
public:
    // The formats of image_formats(), of several frames the first; samples of 16 bits become 8, colour
    // profiles are not applied. Errors: io, format, memory, cancelled, and unsupported for what is beyond
    // the limits.
    static Result<Image> read(const std::string &path, const ImageOptions &options = {});
    static Result<Image> decode(const void *bytes, std::size_t size, const std::string &name = "image",
                                const ImageOptions &options = {});
    static Result<Image> from_pixels(const ImageView &pixels);
    Image() = default;  // of no pixels

    static constexpr std::int64_t max_pixels = std::int64_t{1} << 28;  // of from_pixels and preprocessing

    int width() const { return width_; }
    int height() const { return height_; }
    const std::uint8_t *data() const { return rgb_.get(); }  // height x width x 3
    ImageView view() const { return {rgb_.get(), width_, height_}; }

private:
    explicit Image(struct Samples &&rgb);

    int width_ = 0, height_ = 0;
    std::shared_ptr<const std::uint8_t> rgb_;  // copies of an Image share it
};

struct Prediction {
    int index;    // of the label
    float score;  // as Architecture::scores says
};

// One compiled target.
struct BackendInfo {
    std::string name;    // "host", "x86-64-avx2", "cuda-80", ...
    std::string target;  // Halide's target string
    bool supported;      // can it run on this machine?
    std::string reason;  // if not, why
    std::vector<std::string> devices;  // of OpenCL or CUDA, in the order of ModelOptions::device
    // The file of schedules/tuned that its schedules take their values from, "x86-64-avx2.json"; empty: the
    // defaults.
    std::string tuned;
};
VIT_API std::vector<BackendInfo> backends() noexcept;

// An app's own context and queue: CUcontext and CUstream, or cl_context and cl_command_queue.
struct DeviceHandles {
    void *context = nullptr;
    void *queue = nullptr;
};

// How close a model's answers come to those of float32, on some pictures.
struct Accuracy {
    std::int64_t pictures = 0;
    std::int64_t agreeing = 0;  // of them: the best label is the same
    double lowest_cosine = 1, mean_cosine = 1;  // of a picture's logits to those of float32
    double largest_difference = 0;              // of a logit, in parts of its picture's largest
};

inline constexpr int max_threads = 256;

// An app's own threads, instead of those that the library would start. run(context, n, task, argument) calls
// task(argument, i) once for each 0 <= i < n, from any threads, at the same time or one after the other, and
// returns when all of them have returned. It may be called by several sessions at a time; it must not throw.
// The library's own threads are called "vit" and take no signals but those of their own faults.
struct ParallelFor {
    void (*run)(void *context, int n, void (*task)(void *argument, int i), void *argument) = nullptr;
    void *context = nullptr;  // the app's; it has to outlive what was created with it
};

// How far a call has come, for an app's progress bar: called by the thread that called the library, some
// dozens of times, first with 0 and last with 1, never with less than before. What returns false gives the
// call up, which is ErrorCode::cancelled. It must not throw.
struct Progress {
    bool (*report)(void *context, double done) = nullptr;
    void *context = nullptr;
};

struct ModelOptions {
    std::string backend = {};  // empty: the first that can run here
    int device = 0;            // which of BackendInfo::devices
    // Instead, where the app has them; they have to outlive the model and its sessions.
    DeviceHandles handles = {};
    int threads = 0;  // that load and pack, at most max_threads; 0: as many as this process may use
    // The app's own, if run is not null: then no thread is started, and `threads` is the n that run gets.
    ParallelFor parallel_for = {};
    Progress progress = {};
    // Empty: as a packed file has it, else f32. Others than f32 are computed by processors alone.
    std::optional<Precision> precision = {};
    // Whether a packed file's weights are compared with their checksums, which takes about as long as
    // reading them from memory once.
    bool verify = true;
    // Whether a packed file's weights are mapped, which starts at once and shares their memory between
    // processes. The file must then stay as it is while the model lives: where it is shortened, reading
    // faults, and where it is written to, answers change. (Replacing it by another, as save_packed does, is
    // no harm.) Otherwise they are read into memory of the model's own.
    bool map = true;
};

// A file in memory, of an app that has it from elsewhere than a disk.
struct NamedBytes {
    std::string name;  // "config.json", "model.safetensors"
    const void *data = nullptr;
    std::size_t size = 0;
};

// A checkpoint, read, checked and packed for a backend.
class VIT_API Model {
public:
    // A directory as transformers, timm or torchvision leave it, with model.safetensors or its shards and
    // index (README: which models); or a file that save_packed wrote.
    static Result<Model> load(const std::string &path, const ModelOptions &options = {});
    // What load finds in a directory, from memory; or one packed file, of any name. `name` is the model's
    // and begins the sentences of errors. The bytes are needed during the call only, but for a packed file's
    // with ModelOptions::map: where they are aligned to 64 bytes, weights are used in place, and have to
    // outlive the model and its sessions, unchanged. Errors: as load's; argument for a name that comes
    // twice.
    static Result<Model> load_bytes(const std::vector<NamedBytes> &files, const ModelOptions &options = {},
                                    const std::string &name = "model");
    // Random weights, the same for the same seed: for measuring without a checkpoint. Pictures are squashed
    // to the model's size.
    static Result<Model> random(const Architecture &architecture, std::uint64_t seed = 0,
                                const ModelOptions &options = {});

    // Of nothing, until one is assigned; what has been moved from is empty likewise. An empty model has no
    // labels; what returns a Result is an error of the argument. Copies share everything.
    Model() = default;
    explicit operator bool() const { return impl_ != nullptr; }

    // Writes the model as packed for its backend into one file, which load then maps instead of reading and
    // packing: for the backend's target and version of this library only, others refuse it, as they do a
    // damaged one. A regular file of that name is replaced at once, when all is on the disk.
    // `accuracy` is kept with it. Errors: io.
    Result<void> save_packed(const std::string &file, const std::optional<Accuracy> &accuracy = {}) const;

    const Architecture &architecture() const;
    // "LABEL_7" where the checkpoint names none; empty if out of range.
    const std::string &label(int index) const;
    const BackendInfo &backend() const;
    Precision precision() const;
    // Of a packed file, what was kept with it.
    const std::optional<Accuracy> &accuracy() const;
    // The options with a draft of the size that the checkpoint's preprocessing resizes pictures to, which is
    // what Pillow's Image.draft would be called with; where it keeps their aspect, of its shortest edge
    // both ways, and where it does not resize, none. Answers come close to those without a draft.
    ImageOptions draft(ImageOptions options = {}) const;

    struct Impl;
    const std::shared_ptr<const Impl> &impl() const { return impl_; }

private:
    explicit Model(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;
};

// Preprocessing alone, for threads that do nothing else: it has no buffers for the network. Keeps its model
// alive. Not to be used by two threads at once.
class VIT_API Preprocessor {
public:
    // threads and parallel_for as in SessionOptions. Errors: argument, memory.
    static Result<Preprocessor> create(const Model &model, int threads = 1,
                                       const ParallelFor &parallel_for = {});
    // Empty, as what has been moved from: an error of the argument for every call.
    Preprocessor() noexcept;
    explicit operator bool() const { return impl_ != nullptr; }
    Preprocessor(Preprocessor &&) noexcept;
    Preprocessor &operator=(Preprocessor &&) noexcept;
    ~Preprocessor();

    // As Session::preprocess.
    Result<void> run(const ImageView &image, float *pixels);
    // As Image::read or Image::decode followed by run, to the bit: but rows are resized as they are decoded,
    // and the picture is whole in memory only where it has to be (turned by 90 degrees, interlaced, far
    // higher than wide, or of another format than JPEG and PNG). pixels are written if all went well.
    // Errors: of both; the sentence begins with the path or the name.
    Result<void> read(const std::string &path, const ImageOptions &options, float *pixels);
    Result<void> decode(const void *bytes, std::size_t size, const std::string &name,
                        const ImageOptions &options, float *pixels);

    struct Impl;

private:
    explicit Preprocessor(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

struct SessionOptions {
    int threads = 0;  // at most max_threads; 0: as many as this process may use (affinity and cgroup quota)
    int max_batch = 1;  // images that one forward pass takes; buffers are sized for it
    // The app's own threads, if run is not null: then none is started, and `threads` is the n that run gets.
    ParallelFor parallel_for = {};
    // Set to true by any thread, a forward pass is given up before its next stage (some tenths of a
    // millisecond for a small model, some milliseconds for a large one), with ErrorCode::cancelled; set back
    // to false, the session can be used again. It has to outlive the session. Null: never.
    const std::atomic<bool> *cancelled = nullptr;
};

// One named step of a forward pass and what it took.
struct StageTime {
    std::string name;  // "patch_embed", "layer_norm", "linear/qkv", ...
    int calls;
    double milliseconds;  // of all calls together; of those that n threads made side by side, an n-th
    double flop;          // likewise
};

// The buffers and threads of one stream of work. Keeps its model alive. Not to be used by two threads at
// once.
class VIT_API Session {
public:
    // Errors: argument, memory, and unsupported for heads that a device has no memory for.
    static Result<Session> create(const Model &model, const SessionOptions &options = {});
    // Bytes that a session with these options will take of the processor's memory and the device's, but for
    // the stacks of its threads and what preprocessing takes for a picture's size. Errors: as create.
    static Result<std::int64_t> memory(const Model &model, const SessionOptions &options = {});
    // Empty, as what has been moved from: no threads, no batch, and an error of the argument for every call
    // that returns a Result.
    Session() noexcept;
    explicit operator bool() const { return impl_ != nullptr; }
    Session(Session &&) noexcept;
    Session &operator=(Session &&) noexcept;
    ~Session();

    // The top_k labels of a picture, best first. Errors: those of reading and preprocessing it; kernel;
    // not_finite; cancelled.
    Result<std::vector<Prediction>> classify(const ImageView &image, int top_k = 5);
    // Of each of several pictures, in batches of max_batch. Errors: as above, of the first picture that has
    // one, which the sentence numbers from 0.
    Result<std::vector<std::vector<Prediction>>> classify(const std::vector<ImageView> &images,
                                                          int top_k = 5);
    Result<std::vector<Prediction>> classify_file(const std::string &path, int top_k = 5,
                                                  const ImageOptions &options = {});

    // The three steps of classify, which allocate nothing after the first picture of a size (but a device's
    // driver may, for every stage):
    // preprocessing as the checkpoint says: picture -> pixels, float32 [channels, image_height,
    // image_width];
    Result<void> preprocess(const ImageView &image, float *pixels);
    // the network: pixels [batch, channels, image_height, image_width] -> logits [batch, labels], 1 <= batch
    // <= max_batch;
    Result<void> forward(const float *pixels, int batch, float *logits);
    // the scores [batch, labels] of the last forward pass; NaN for an image whose logits are not finite.
    Result<void> scores(float *scores) const;

    // As forward, with pixels and logits in memory of the model's device: CUdeviceptr or cl_mem of its
    // context. The work is queued (ModelOptions::handles), not waited for. Errors: argument, if the model
    // has no device.
    Result<void> forward_on_device(std::uint64_t pixels, int batch, std::uint64_t logits);

    int threads() const;
    int max_batch() const;
    // Where the time of the forward passes since the last call went; timing starts with the first call.
    std::vector<StageTime> stage_times() noexcept;

    struct Impl;

private:
    explicit Session(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// The k largest of n scores, best first; the lower index first among equals, and what is not a number last.
VIT_API std::vector<Prediction> top_k(const float *scores, int n, int k) noexcept;

VIT_API const char *version();

}  // namespace vit

#endif
