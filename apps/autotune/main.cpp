// The autotuner: finds values for the tunables of schedules/*.h on this machine and leaves them in
// schedules/tuned.
#include <csignal>
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>

#include "apps/autotune/report.h"
#include "apps/autotune/targets.h"
#include "runtime/backend/thread_pool.h"

namespace {

using namespace vit::autotune;

volatile std::sig_atomic_t signalled = 0;

void on_signal(int signal) { signalled = signal; }

struct Arguments {
    std::vector<std::string> stages;
    std::string shape = "vit-b16", target = "host", budget = "10m", output, journal;
    int image_size = 224, batch = 1, threads = vit::usable_processors();
};

std::string stage_names() {
    std::string names;
    for (const Stage &stage : stages()) {
        names += (names.empty() ? "" : ", ") + stage.name;
    }
    return names;
}

void declare(CLI::App &app, Arguments &arguments) {
    app.add_option("STAGE", arguments.stages,
                   "Stages to tune, of " + stage_names() +
                       "; linear stands for all of linear/..., and no name for all stages");
    app.add_option("--shape", arguments.shape, "Architecture whose shapes are tuned for")
        ->capture_default_str();
    app.add_option("--image-size", arguments.image_size, "Pixels of an image's side")->capture_default_str();
    app.add_option("--batch", arguments.batch, "Images of a forward pass")
        ->capture_default_str()
        ->check(CLI::Range(1, 4096));
    app.add_option("--threads", arguments.threads, "Threads of a session")
        ->capture_default_str()
        ->check(CLI::Range(1, 256));
    app.add_option("--budget", arguments.budget, "Time for all stages together: 10m, 90s, 1h30m")
        ->capture_default_str();
    app.add_option("--target", arguments.target,
                   "Target to tune for, as VIT_TARGETS has it; its processor and device have to be here")
        ->capture_default_str();
    app.add_option("--output", arguments.output,
                   "Tuned file to improve; by default that of the target or its kind in schedules/tuned");
    app.add_option(
        "--journal", arguments.journal,
        "Directory of the measurements that a stopped run goes on from; by default build/autotune");
    app.footer("Example: two stages on one thread, in two minutes\n"
               "  build/host/autotune linear/fc1 attention --shape vit-b16 --threads 1 --budget 2m\n"
               "Ctrl-C stops it; the same command goes on where it was.");
}

Options options_of(const Arguments &arguments) {
    Options options;
    auto architecture = vit::named_architecture(arguments.shape);
    if (!architecture) {
        throw std::runtime_error(architecture.error().message);
    }
    if (arguments.image_size < architecture->patch_width || arguments.image_size > 8192) {
        throw std::runtime_error("an image size of " + std::to_string(arguments.image_size) +
                                 " is less than a patch or more "
                                 "than 8192");
    }
    architecture->image_width = architecture->image_height = arguments.image_size;
    options.stages = arguments.stages;
    options.shape = {*architecture, arguments.batch};
    const NamedTarget target = named_target(arguments.target, VIT_DEVICE_HOST);
    if (!Halide::Target::validate_target_string(target.halide)) {
        throw std::runtime_error("there is no target " + arguments.target +
                                 ", neither in schedules/targets.json nor in Halide");
    }
    options.name = target.name;
    options.target = Halide::Target(target.halide);
    options.threads = arguments.threads;
    options.budget_seconds = seconds_of(arguments.budget);
    options.output = arguments.output;
    if (options.output.empty()) {
        options.incumbents = serving_file(target, VIT_TUNED_DIR);
        options.output = file_to_write(target, VIT_TUNED_DIR);
    }
    options.journal_directory = arguments.journal;
    if (options.journal_directory.empty()) {
        // This program lies in build/<preset>.
        options.journal_directory =
            std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "autotune";
    }
    return options;
}

int run(const Options &options) {
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    ProgressLine line(stderr);
    Callbacks callbacks;
    callbacks.stop = [] { return signalled != 0; };
    callbacks.progress = [&](const Progress &progress) { line.show(progress); };
    callbacks.finished = [&](const StageResult &result) { line.say(sentence_of(result)); };
    line.say("tuning for " + options.target.to_string() + " with " + std::to_string(options.threads) +
             (options.threads == 1 ? " thread" : " threads"));
    try {
        const Summary summary = tune(options, callbacks);
        line.clear();
        std::printf("%s%s: %d measurements, and %d of an earlier run\n", table_of(summary.stages).c_str(),
                    options.output.c_str(), summary.measured, summary.resumed);
        return 0;
    } catch (const Stopped &) {
        line.say("stopped; the same command goes on from " + journal_path(options).string());
        return 128 + signalled;
    }
}

}  // namespace

int main(int argc, char **argv) {
    Arguments arguments;
    CLI::App app{
        "Finds the values of the schedules' tunables with which the stages run fastest on this machine. "
        "Each\n"
        "candidate is compiled, checked against a reference and raced against the values in use; these are\n"
        "replaced only by what is faster by more than the noise, while nobody else keeps the machine busy."};
    declare(app, arguments);
    CLI11_PARSE(app, argc, argv);
    try {
        return run(options_of(arguments));
    } catch (const std::exception &error) {
        std::fprintf(stderr, "autotune: %s\n", error.what());
    } catch (const Halide::Error &error) {  // which is no std::exception
        std::fprintf(stderr, "autotune: %s\n", error.what());
    }
    return 1;
}
