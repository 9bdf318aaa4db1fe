// vit bench: how fast is a model here, and how far from what the machine could do?
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <vit/fields.h>

#include "command.h"
#include "apps/peak/machine_peak.h"
#include "stopwatch.h"
#include "text.h"

namespace command {

namespace {

struct BenchOptions {
    std::string model, arch;
    int threads = 0;
    int batch = 1;
    int image_size = 0;  // 0: the architecture's own
    int repeat = 10;
    Format format = Format::text;
    vit::ModelOptions backend;
};

constexpr const char *footer =
    R"(load     from the start of reading to packed weights; with --arch, random ones
preprocess   a picture of 640 x 480
compute  a forward pass of a batch; GFLOP/s is of the fastest
peak     the best that independent multiply-adds in registers reached on as many
         threads, measured between the passes; not for a device

Example:
    vit bench --arch vit-b16 --batch 8)";

constexpr int most_pixels = 1 << 14, most_repeats = 1 << 20;
constexpr int picture_width = 640, picture_height = 480;

struct Times {
    std::vector<double> milliseconds;

    double min() const { return *std::min_element(milliseconds.begin(), milliseconds.end()); }
    double median() const {
        std::vector<double> sorted = milliseconds;
        std::sort(sorted.begin(), sorted.end());
        const std::size_t middle = sorted.size() / 2;
        return sorted.size() % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
};

template<typename Action>
double milliseconds_of(const Action &action) {
    const Stopwatch stopwatch;
    action();
    return stopwatch.milliseconds();
}

struct Measurements {
    vit::Architecture architecture;
    std::string backend, precision;
    int threads = 0, batch = 0, repeat = 0;
    double load_ms = 0;
    Times preprocess, compute;
    double flop = 0;  // of a pass
    double peak = 0;  // operations a second; 0: of a device, which is not measured here
    std::vector<vit::StageTime> stages;  // of the fastest pass

    double speed() const { return flop / (compute.min() / 1e3); }  // operations a second
};

vit::Model load(const BenchOptions &options) {
    const vit::ModelOptions &model_options = options.backend;
    if (!options.model.empty()) return value_or_fail(vit::Model::load(options.model, model_options));
    vit::Architecture architecture = value_or_fail(vit::named_architecture(options.arch));
    if (options.image_size) architecture.image_height = architecture.image_width = options.image_size;
    return value_or_fail(vit::Model::random(architecture, 0, model_options));
}

// A picture with something to resize: slopes and fine texture, every time the same.
std::vector<std::uint8_t> synthetic_picture() {
    std::vector<std::uint8_t> rgb(std::size_t{3} * picture_width * picture_height);
    std::size_t i = 0;
    for (int y = 0; y < picture_height; y++) {
        for (int x = 0; x < picture_width; x++) {
            rgb[i++] = static_cast<std::uint8_t>(x * 255 / picture_width);
            rgb[i++] = static_cast<std::uint8_t>(y * 255 / picture_height);
            rgb[i++] = static_cast<std::uint8_t>((x * 7 ^ y * 13) & 255);
        }
    }
    return rgb;
}

Measurements measure(const BenchOptions &options) {
    Measurements m;
    std::optional<vit::Model> model;
    m.load_ms = milliseconds_of([&] { model = load(options); });
    const vit::SessionOptions session_options{.threads = options.threads, .max_batch = options.batch};
    vit::Session session = value_or_fail(vit::Session::create(*model, session_options));
    const vit::Architecture &a = m.architecture = model->architecture();
    m.backend = model->backend().name;
    m.precision = vit::name_of(model->precision());
    const bool on_device = !model->backend().devices.empty();
    m.threads = session.threads();
    m.batch = options.batch;
    m.repeat = options.repeat;
    m.flop = vit::flop(a) * options.batch;

    const std::vector<std::uint8_t> picture = synthetic_picture();
    const vit::ImageView view{picture.data(), picture_width, picture_height, 3, 0};
    const std::size_t values = static_cast<std::size_t>(a.channels) * a.image_height * a.image_width;
    std::vector<float> pixels(values * static_cast<std::size_t>(options.batch));
    std::vector<float> logits(static_cast<std::size_t>(options.batch) * a.labels);
    const auto preprocess = [&] { value_or_fail(session.preprocess(view, pixels.data())); };
    const auto forward = [&] { value_or_fail(session.forward(pixels.data(), m.batch, logits.data())); };

    preprocess();  // the first of each touches memory for the first time
    for (std::size_t i = values; i < pixels.size(); i++) {
        pixels[i] = pixels[i - values];
    }
    forward();
    if (on_device) {
        // Once stages are timed, each waits for the one before: passes are timed first.
        for (int i = 0; i < options.repeat; i++) {
            m.compute.milliseconds.push_back(milliseconds_of(forward));
        }
    }
    session.stage_times();
    double fastest = HUGE_VAL;
    for (int i = 0; i < options.repeat; i++) {
        if (!on_device) m.peak = std::max(m.peak, measure_peak(m.threads));
        m.preprocess.milliseconds.push_back(milliseconds_of(preprocess));
        const double milliseconds = milliseconds_of(forward);
        if (!on_device) m.compute.milliseconds.push_back(milliseconds);
        std::vector<vit::StageTime> stages = session.stage_times();  // of this pass
        if (milliseconds < fastest) {
            fastest = milliseconds;
            m.stages = std::move(stages);
        }
    }
    return m;
}

double gigaflops(const vit::StageTime &stage) {
    return stage.milliseconds > 0 ? stage.flop / (stage.milliseconds / 1e3) / 1e9 : 0;
}

std::string json_of(const Measurements &m) {
    using Json = nlohmann::ordered_json;
    Json out = {{"model", m.architecture.name},
                {"backend", m.backend},
                {"precision", m.precision},
                {"threads", m.threads},
                {"batch", m.batch},
                {"image_size", m.architecture.image_height},
                {"image_width", m.architecture.image_width},
                {"repeat", m.repeat},
                {"load_ms", rounded(m.load_ms, 4)},
                {"preprocess_ms", rounded(m.preprocess.median(), 4)},
                {"compute_ms",
                 {{"min", rounded(m.compute.min(), 4)}, {"median", rounded(m.compute.median(), 4)}}},
                {"parameters", vit::parameters(m.architecture)},
                {"gflop", m.flop / 1e9},
                {"gflops", rounded(m.speed() / 1e9, 3)}};
    if (m.peak > 0) {
        out["peak_gflops"] = rounded(m.peak / 1e9, 3);
        out["peak_instructions"] = peak_instructions();
        out["peak_percent"] = rounded(100 * m.speed() / m.peak, 2);
    }
    out["stages"] = Json::array();
    for (const vit::StageTime &stage : m.stages) {
        Json row = {{"name", stage.name},
                    {"calls", stage.calls},
                    {"ms", rounded(stage.milliseconds, 4)},
                    {"gflop", stage.flop / 1e9},
                    {"gflops", rounded(gigaflops(stage), 3)}};
        if (m.peak > 0) row["peak_percent"] = rounded(100 * 1e9 * gigaflops(stage) / m.peak, 2);
        out["stages"].push_back(std::move(row));
    }
    return harmless_json(out.dump(2, ' ', false, Json::error_handler_t::replace)) + "\n";
}

std::string number(double value, int decimals, std::size_t width) {
    return pad_left(fixed(value, decimals), width);
}

std::string time_row(const std::string &name, const Times &times) {
    return pad_right(name, 12) + number(times.min(), 3, 10) + " ms, median " + fixed(times.median(), 3) +
           " ms";
}

std::string text_of(const Measurements &m) {
    const vit::Architecture &a = m.architecture;
    std::string out = harmless(a.name) + ", " + std::to_string(a.image_width) + " x " +
                      std::to_string(a.image_height) + ", " + m.precision + ", backend " + m.backend + ", " +
                      std::to_string(m.threads) + (m.threads == 1 ? " thread" : " threads") + ", batch " +
                      std::to_string(m.batch) + ", best of " + std::to_string(m.repeat) + "\n\n";
    out += pad_right("load", 12) + number(m.load_ms, 3, 10) + " ms\n";
    out += time_row("preprocess", m.preprocess) + "\n";
    out += time_row("compute", m.compute) + ": " + fixed(m.compute.min() / m.batch, 3) + " ms an image\n";
    out += pad_right("speed", 12) + number(m.speed() / 1e9, 1, 10) + " GFLOP/s";
    if (m.peak > 0) {
        out += ", " + fixed(100 * m.speed() / m.peak, 1) + " % of the peak of " + fixed(m.peak / 1e9, 1) +
               " (" + peak_instructions() + ")";
    }
    out += "\n\n";
    out += pad_right("stage", 24) + pad_left("calls", 6) + pad_left("ms", 11) + pad_left("share", 9) +
           pad_left("GFLOP/s", 10) + (m.peak > 0 ? pad_left("of peak", 9) : "") + "\n";
    double all = 0;
    for (const vit::StageTime &stage : m.stages) {
        all += stage.milliseconds;
    }
    for (const vit::StageTime &stage : m.stages) {
        out += pad_right(stage.name, 24) + pad_left(general(stage.calls, 6), 6) +
               number(stage.milliseconds, 3, 11) + number(100 * stage.milliseconds / all, 1, 7) + " %";
        // Operations of pointwise stages are not counted.
        if (stage.flop > 0) {
            const double gflops = gigaflops(stage);
            out += number(gflops, 1, 10);
            if (m.peak > 0) out += number(100 * 1e9 * gflops / m.peak, 1, 7) + " %";
        }
        out += "\n";
    }
    return out;
}

int bench(const BenchOptions &options) {
    if (options.model.empty() == options.arch.empty()) {
        throw Misuse("bench needs MODEL or --arch, and not both");
    }
    if (options.image_size && options.arch.empty()) {
        throw Misuse("--image-size needs --arch: a checkpoint's size is its own");
    }
    const Measurements m = measure(options);
    print(options.format == Format::json ? json_of(m) : text_of(m));
    return ok;
}

}  // namespace

void add_bench(CLI::App &app, Run &run) {
    auto options = std::make_shared<BenchOptions>();
    CLI::App *bench_app = app.add_subcommand("bench", "Measure the speed of a model, stage by stage.");
    bench_app->footer(footer);
    add_model(*bench_app, options->model);
    bench_app->add_option("--arch", options->arch, "Random weights of a named size instead: vit-b16, ...")
        ->type_name("NAME");
    add_threads(*bench_app, options->threads);
    add_batch(*bench_app, options->batch, "Images that a forward pass takes");
    add_number(*bench_app, "--image-size", options->image_size, 1, most_pixels,
               "Height and width, with --arch [as it has]");
    add_number(*bench_app, "--repeat", options->repeat, 1, most_repeats, "Forward passes to measure [10]");
    add_format(*bench_app, options->format, {"text", "json"});
    add_backend(*bench_app, options->backend);
    bench_app->callback([options, &run] { run = [options] { return bench(*options); }; });
}

}  // namespace command
