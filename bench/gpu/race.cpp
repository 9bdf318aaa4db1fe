// Races the candidates of bench/gpu/candidates.cmake on a device: each is checked against the reference of
// its stage (tests/cases) before it is timed, and what is wrong is named and not timed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/autotune/problem.h"
#include "apps/autotune/race.h"
#include "bench/gpu/candidate.h"
#include "bench/gpu/race_clock.h"
#include "runtime/backend/backend.h"
#include "runtime/backend/buffer.h"
#include "runtime/backend/device.h"
#include "tests/cases/floats.h"
#include "tests/cases/kernel_list.h"

namespace vit::bench {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using autotune::Problem;

template<typename T>
T value_of(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct Options {
    std::string backend, arch = "vit-b16", output, warm, only;
    std::vector<int> batches{1, 64};
    int device = 0, image_size = 0, rounds = 5;
    double seconds = 120;
};

struct Device {
    const Backend *backend;
    std::string name;
    std::shared_ptr<vit::Device> device;
    KernelContext context;

    explicit Device(const Options &options)
        : backend(value_of(choose_backend(options.backend))), device(open(options)),
          context(1, {}, device.get()) {
        name = describe(*backend).devices.at(options.device);
    }
    const halide_device_interface_t *interface() const { return backend->device_api->interface(); }

private:
    std::shared_ptr<vit::Device> open(const Options &options) const {
        if (!backend->device_api) {
            throw std::runtime_error("backend " + std::string(backend->name) + " has no device");
        }
        return value_of(vit::Device::open(*backend->device_api, backend->device, options.device, {}));
    }
};

// Attention is compiled for one part of keys and for several; tokens and tiles decide which is called.
bool fits(const Candidate &candidate, const Problem &problem) {
    const std::string fixed = candidate.fixed;
    const std::size_t equals = fixed.find('=');
    const auto &params = kernel_row(problem.stage->kernel()).params;
    const auto at = params.find(fixed.substr(0, equals));
    return at != params.end() && at->second == fixed.substr(equals + 1);
}

Problem problem_of(const Candidate &candidate, const autotune::Shape &shape) {
    const std::string stage = candidate.stage;
    if (stage == "attention") return autotune::attention_problem(shape, candidate.blocks, true);
    const auto role = stage == "linear/qkv"    ? autotune::LinearRole::qkv
                      : stage == "linear/proj" ? autotune::LinearRole::proj
                      : stage == "linear/fc1"  ? autotune::LinearRole::fc1
                                               : autotune::LinearRole::fc2;
    return autotune::linear_problem(shape, candidate.blocks, role);
}

struct Runner {
    const Candidate *candidate;
    Problem *problem;
    CalledKernel kernel;
    std::string wrong;
    int calls = 0;
    std::vector<double> times;  // milliseconds of a call
};

// Of one stage at one batch.
class Heat {
public:
    Heat(Device &device, const std::string &stage, int batch)
        : device_(device), stage_(stage), batch_(batch) {}

    void enter(const Candidate &candidate, Problem &problem) {
        runners_.push_back(
            {&candidate, &problem, CalledKernel(candidate.kernel, &device_.context), {}, 0, {}});
    }

    void check() {
        for (Runner &runner : runners_) {
            try {
                runner.problem->stage->reset();
                runner.problem->device->host_changed();
                const int code = runner.problem->call(runner.kernel, 0);
                const Result<void> done = device_.context.check(runner.candidate->stage, code);
                runner.problem->device->fetch();
                runner.wrong = done ? runner.problem->stage->judge() : done.error().message;
            } catch (const std::exception &error) {
                runner.wrong = error.what();
            }
            if (!runner.wrong.empty()) {
                std::printf("%s batch %d: %s %s is not timed: %s\n", stage_.c_str(), batch_,
                            runner.candidate->layout, runner.candidate->values, runner.wrong.c_str());
            }
        }
    }

    void round() {
        for (Runner &runner : runners_) {
            if (!runner.wrong.empty()) continue;
            int copy = 0;
            const int copies = runner.problem->stage->copies();
            const auto call = [&] { runner.problem->call(runner.kernel, copy++ % copies); };
            const auto finish = [&] { runner.problem->device->finish(); };
            if (!runner.calls) runner.calls = calls_for_a_try(call, finish);
            runner.times.push_back(milliseconds_of(runner.calls, call, finish));
        }
    }

    // Fastest first.
    Json results(double peak) {
        std::stable_sort(runners_.begin(), runners_.end(),
                         [](const Runner &a, const Runner &b) { return key(a) < key(b); });
        Json all = Json::array();
        for (const Runner &runner : runners_) {
            Json row{{"stage", stage_},
                     {"batch", batch_},
                     {"layout", runner.candidate->layout},
                     {"values", runner.candidate->values}};
            if (!runner.wrong.empty()) {
                row["wrong"] = runner.wrong;
            } else if (!runner.times.empty()) {
                const double ms = autotune::score(runner.times);
                row["ms"] = ms;
                const double flop = runner.problem->stage->work().flop;
                row["tflops"] = flop / ms / 1e9;
                row["peak_percent"] = 100 * flop / (ms / 1e3) / peak;
                row["calls_in_pass"] = runner.problem->calls_in_pass;
            }
            all.push_back(std::move(row));
        }
        return all;
    }

    const std::string &stage() const { return stage_; }
    int batch() const { return batch_; }

private:
    static double key(const Runner &runner) {
        return !runner.wrong.empty() ? 2e9 : runner.times.empty() ? 1e9 : autotune::score(runner.times);
    }

    Device &device_;
    std::string stage_;
    int batch_;
    std::vector<Runner> runners_;
};

// Operations a second, and bytes a second read and written.
struct Measured {
    double flops = 0, bytes = 0;
};

Measured measure_peaks(Device &device, bool small) {
    const auto at = std::find_if(peaks().begin(), peaks().end(), [&](const Peaks &p) {
        return std::string(p.target) == device.backend->name;
    });
    if (at == peaks().end()) {
        return {};
    }
    constexpr int chains = 32;
    const int steps = 4096, items = small ? 1 << 12 : 1 << 18, values = small ? 1 << 20 : 1 << 28;
    cases::Floats summands(steps, 1e-6f), sums(static_cast<std::size_t>(chains) * items);
    FloatView<1> s(summands.data(), {steps});
    FloatView<2> c(sums.data(), {chains, items});
    halide_buffer_t *in = s, *out = c;
    in->set_host_dirty();
    const auto finish = [&] { value_of(device.device->finish()); };
    const auto multiply = [&] {
        value_of(device.context.check("peak", at->multiply_adds(&device.context, in, 0.999f, out)));
    };
    const halide_type_t f32 = halide_type_of<float>();
    Place from = value_of(device.device->allocate(f32, values)),
          to = value_of(device.device->allocate(f32, values));
    FloatView<1> f(from, {values}), t(to, {values});
    const auto copy = [&] { value_of(device.context.check("copy", at->copy(&device.context, f, t))); };
    Measured best;
    multiply();
    copy();
    finish();
    for (int i = 0; i < 20; i++) {
        best.flops = std::max(best.flops,
                              2.0 * chains * items * steps / (milliseconds_of(3, multiply, finish) / 1e3));
        best.bytes = std::max(best.bytes, 8.0 * values / (milliseconds_of(5, copy, finish) / 1e3));
    }
    device.device->free(from);
    device.device->free(to);
    halide_device_free(&device.context, in);
    halide_device_free(&device.context, out);
    return best;
}

int race(const Options &options) {
    const auto start = Clock::now();
    const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    Device device(options);
    std::printf("%s: %s\n", device.backend->name, device.name.c_str());

    Architecture architecture = value_of(named_architecture(options.arch));
    if (options.image_size) architecture.image_width = architecture.image_height = options.image_size;
    std::vector<const Candidate *> mine;
    for (const Candidate &candidate : candidates()) {
        const std::string words =
            std::string(candidate.stage) + " " + candidate.layout + " " + candidate.values;
        if (candidate.target == std::string(device.backend->name) &&
            words.find(options.only) != std::string::npos) {
            mine.push_back(&candidate);
        }
    }
    if (mine.empty()) {
        throw std::runtime_error("no candidates were compiled for backend " +
                                 std::string(device.backend->name));
    }

    // Problems of one stage, batch and layout are shared. Their random numbers take longer than the race.
    using Key = std::tuple<std::string, int, std::string>;
    std::map<Key, std::future<std::unique_ptr<Problem>>> making;
    std::map<Key, std::unique_ptr<Problem>> problems;
    for (const Candidate *candidate : mine) {
        for (const int batch : options.batches) {
            const Key key{candidate->stage, batch, candidate->layout};
            if (making.contains(key)) continue;
            making[key] = std::async(std::launch::async, [candidate, batch, architecture] {
                auto problem = std::make_unique<Problem>(problem_of(*candidate, {architecture, batch}));
                problem->stage->judge();  // its reference
                return problem;
            });
        }
    }
    std::vector<Heat> heats;
    for (const int batch : options.batches) {
        for (const Candidate *candidate : mine) {
            const Key key{candidate->stage, batch, candidate->layout};
            if (!problems.contains(key)) {
                problems[key] = making.at(key).get();
                problems[key]->device =
                    std::make_unique<autotune::DeviceMirror>(device.interface(), &device.context);
            }
            auto heat = std::find_if(heats.begin(), heats.end(), [&](const Heat &h) {
                return h.stage() == candidate->stage && h.batch() == batch;
            });
            if (heat == heats.end()) {
                heats.emplace_back(device, candidate->stage, batch);
                heat = heats.end() - 1;
            }
            if (fits(*candidate, *problems[key])) heat->enter(*candidate, *problems[key]);
        }
    }
    std::printf("problems made [%.1f s]\n", elapsed());
    const Measured peak = measure_peaks(device, options.image_size != 0);
    std::printf("peak %.2f TFLOP/s, memory %.0f GB/s [%.1f s]\n", peak.flops / 1e12, peak.bytes / 1e9,
                elapsed());
    for (Heat &heat : heats) {
        if (elapsed() < options.seconds) heat.check();
    }
    std::printf("checked [%.1f s]\n", elapsed());
    int rounds = 0;
    for (; rounds < options.rounds && elapsed() < options.seconds; rounds++) {
        for (Heat &heat : heats) {
            heat.round();
        }
    }
    std::printf("%d rounds [%.1f s]\n\n", rounds, elapsed());

    Json out{{"backend", device.backend->name},
             {"device", device.name},
             {"arch", options.arch},
             {"image_size", architecture.image_width},
             {"peak_tflops", peak.flops / 1e12},
             {"memory_gbs", peak.bytes / 1e9},
             {"rounds", rounds},
             {"candidates", Json::array()}};
    int wrong = 0;
    for (Heat &heat : heats) {
        Json rows = heat.results(peak.flops);
        int shown = 0;
        for (Json &row : rows) {
            wrong += row.contains("wrong");
            if (row.contains("ms") && shown++ < 3) {
                std::printf("%-12s batch %-3d %8.4f ms %6.2f TFLOP/s %5.1f %%  %s %s\n",
                            heat.stage().c_str(), heat.batch(), row["ms"].get<double>(),
                            row["tflops"].get<double>(), row["peak_percent"].get<double>(),
                            row["layout"].get<std::string>().c_str(),
                            row["values"].get<std::string>().c_str());
            }
            out["candidates"].push_back(std::move(row));
        }
    }
    if (!options.output.empty()) {
        std::ofstream file(options.output);
        file << out.dump(1) << '\n';
        if (!file.flush()) throw std::runtime_error(options.output + " cannot be written");
    }
    for (auto &[key, problem] : problems) problem->device.reset();
    return wrong ? 3 : 0;
}

// Has the driver compile every so many-th of the kernels, so that it finds them when the race asks: "2/8".
int warm(const Options &options) {
    int part = 0, parts = 1;
    if (std::sscanf(options.warm.c_str(), "%d/%d", &part, &parts) != 2 || parts < 1) {
        throw std::runtime_error("--warm takes two numbers, such as 2/8");
    }
    Device device(options);
    const Architecture architecture = value_of(named_architecture("vit-ti16"));
    int number = 0;
    for (const Candidate &candidate : candidates()) {
        if (std::string(candidate.target) != device.backend->name || number++ % parts != part) continue;
        autotune::Shape shape{architecture, 1};
        shape.architecture.depth = 1;
        shape.architecture.image_width = shape.architecture.image_height = 32;
        Problem problem = problem_of(candidate, shape);
        if (!fits(candidate, problem)) continue;
        problem.device = std::make_unique<autotune::DeviceMirror>(device.interface(), &device.context);
        problem.stage->reset();
        (void)device.context.check(candidate.stage,
                                   problem.call(CalledKernel(candidate.kernel, &device.context), 0));
        problem.device->finish();
    }
    return 0;
}

}  // namespace

}  // namespace vit::bench

int main(int argc, char **argv) {
    vit::bench::Options options;
    CLI::App app{
        "Races candidates for the schedules of a device, compiled ahead of time; each is checked first."};
    app.add_option("--backend", options.backend, "Backend with a device, as vit info lists them")
        ->required();
    app.add_option("--device", options.device, "Which of its devices")->capture_default_str();
    app.add_option("--arch", options.arch, "Architecture whose shapes are raced")->capture_default_str();
    app.add_option("--image-size", options.image_size, "Pixels of an image's side [as it has]");
    app.add_option("--batch", options.batches, "Images of a pass, each a race of its own")
        ->capture_default_str()
        ->delimiter(',');
    app.add_option("--rounds", options.rounds, "Tries of each candidate")->capture_default_str();
    app.add_option("--seconds", options.seconds, "No round begins after that time")->capture_default_str();
    app.add_option("--output", options.output, "JSON file of all results");
    app.add_option("--only", options.only,
                   "Candidates with this in their stage, blocks and values: \"linear/fc1 lanes=8\"");
    app.add_option("--warm", options.warm, "Only compiles the kernels number N, N + M, ...: N/M");
    CLI11_PARSE(app, argc, argv);
    try {
        return options.warm.empty() ? vit::bench::race(options) : vit::bench::warm(options);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "gpu_race: %s\n", error.what());
    }
    return 1;
}
