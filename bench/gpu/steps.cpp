#include <dlfcn.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <map>
#include <tuple>

#include "bench/gpu/process.h"
#include "bench/gpu/visit.h"

namespace vit::bench {

namespace {

const std::vector<std::string> cuda_directories{"/usr/local/cuda/bin"};
// Not for an emulator or a processor.
constexpr const char *large_shapes =
    "-models/Linear*:models/Attention*:models/ClassAttention*:models/Head*:models/LayerNorm*:"
    "models/PatchEmbed*:models/Pool*:crossed/*";

std::string format(const char *pattern, auto... values) {
    char text[256];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

std::string identifier_of(std::string name) {
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
    return name;
}

// The last line of a log, for a sentence.
std::string end_of(const std::string &path) {
    std::string text = read_file(path);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const std::size_t line = text.rfind('\n');
    return line == std::string::npos ? text : text.substr(line + 1);
}

Json json_file(const std::string &path) {
    std::ifstream file(path);
    return Json::parse(file, nullptr, false);
}

constexpr const char *no_device = "no device that runs here; the step machine says why";

// 1. What the machine is, which libraries are found, and what the library makes of them.
Finding machine(Visit &visit, double seconds) {
    Finding finding;
    Json &result = visit.results["machine"];
    for (const char *library : {"libcuda.so.1", "libOpenCL.so.1"}) {
        void *found = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
        result["libraries"][library] = found != nullptr;
        finding.lines.push_back(std::string(library) + (found ? " is here" : " is not here"));
    }
    for (const std::vector<std::string> &command :
         {std::vector<std::string>{"uname", "-a"}, {"cat", "/proc/cpuinfo"}, {"cat", "/etc/os-release"}}) {
        run({command, visit.log("machine"), 5});
    }
    const std::string smi = find_program("nvidia-smi");
    if (!smi.empty()) {
        run({{smi, "-q"}, visit.log("machine"), 20});
        run({{smi, "--query-gpu=name,driver_version,memory.total,clocks.max.sm", "--format=csv,noheader"},
             visit.log("nvidia-smi"),
             20});
        result["nvidia_smi"] = end_of(visit.log("nvidia-smi"));
        finding.lines.push_back(end_of(visit.log("nvidia-smi")));
    }
    const Outcome info =
        run({{visit.program("vit"), "info", "--format", "json"}, visit.log("info"), seconds});
    const Json told = json_file(visit.log("info"));
    if (!info.ok() || !told.is_object()) {
        finding.failed = "vit info: " + info.text() + ", " + end_of(visit.log("info"));
        return finding;
    }
    result["backends"] = told["backends"];
    for (const Json &backend : told["backends"]) {
        const std::string name = backend["name"];
        std::string devices;
        for (const Json &device : backend["devices"]) {
            devices += (devices.empty() ? "" : ", ") + device.get<std::string>();
        }
        const bool supported = backend["supported"];
        finding.lines.push_back(name + ": " +
                                (!supported        ? backend["reason"].get<std::string>()
                                 : devices.empty() ? std::string("the processor")
                                                   : devices));
        if (!supported || devices.empty()) continue;
        // A device that is listed and cannot be had (out of memory, a kernel that does not load) is not
        // used.
        const std::string model = visit.program("models/fashion-mnist");
        const Outcome tried = run({{visit.program("vit"), "classify", model, model + "/images/bag.png",
                                    "--backend", name, "--format", "json"},
                                   visit.log("tried-" + identifier_of(name)),
                                   60});
        const std::string answer = end_of(visit.log("tried-" + identifier_of(name)));
        const bool right = tried.ok() && answer.find("\"predictions\":[{\"index\":8,\"label\":\"Bag\"") !=
                                             std::string::npos;
        if (right) {
            visit.backends.push_back(name);
        } else {
            finding.failed += (finding.failed.empty() ? "" : "; ") + name +
                              " does not classify: " + (tried.ok() ? answer : tried.text() + ", " + answer);
        }
        finding.lines.push_back(format("%s: the first picture took %.1f s", name.c_str(), tried.seconds));
    }
    // CUDA first: it is what a device of both is measured by.
    std::stable_partition(visit.backends.begin(), visit.backends.end(),
                          [](const std::string &name) { return name.find("cuda") != std::string::npos; });
    result["used"] = visit.backends;
    return finding;
}

// 2. Memory errors, over a small golden model.
Finding sanitizer(Visit &visit, double seconds) {
    if (visit.backends.empty()) return {.lacks = no_device};
    const std::string program = find_program("compute-sanitizer", cuda_directories);
    if (program.empty()) return {.lacks = "there is no compute-sanitizer"};
    if (visit.backends[0].find("cuda") == std::string::npos) return {.lacks = "no backend is CUDA's"};
    const std::string tests = visit.program("tests/backend_tests"), model = "two_labels",
                      filter = "*ModelTest.*/" + model + "_" + identifier_of(visit.backends[0]);
    const Outcome outcome = run({{program, "--error-exitcode", "9", tests, "--gtest_filter=" + filter},
                                 visit.log("sanitizer"),
                                 seconds});
    const std::string log = read_file(visit.log("sanitizer"));
    Finding finding{{model + ": " + end_of(visit.log("sanitizer"))}, {}, {}};
    if (!outcome.ok() || log.find("[  PASSED  ] ") == std::string::npos ||
        log.find("[  PASSED  ] 0 tests") != std::string::npos) {
        finding.failed = outcome.text() + ", " + end_of(visit.log("sanitizer"));
    }
    return finding;
}

// How many tests each suite has for a backend, whose name they have in theirs.
std::map<std::string, int> tests_of_suites(const Visit &visit, const std::string &backend) {
    const std::string name = identifier_of(backend), list = visit.log("tests-" + name);
    run({{visit.program("tests/backend_tests"), "--gtest_list_tests"},
         list,
         30,
         {{"VIT_TEST_BACKEND", backend}}});
    std::map<std::string, int> suites;
    std::ifstream lines(list);
    for (std::string line, suite; std::getline(lines, line);) {
        if (line.empty()) continue;
        if (line[0] == ' ') {
            if (!suite.empty() && line.find(name) != std::string::npos) suites[suite]++;
            continue;
        }
        // Without the name of its parameters.
        const std::size_t end = line.find('.'), slash = line.rfind('/', end);
        suite = end == std::string::npos ? "" : line.substr(slash + 1, end - slash - 1);
    }
    return suites;
}

// 3. All tests on the devices' backends.
Finding tests(Visit &visit, double seconds) {
    if (visit.backends.empty()) return {.lacks = no_device};
    std::vector<Job> jobs;
    std::vector<std::string> names;
    const auto add = [&](const std::string &suite, const std::string &backend) {
        const std::string name = backend.empty() ? suite : suite + "-" + identifier_of(backend);
        names.push_back(name);
        const std::string filter = suite + ".*:*/" + suite + ".*" + (visit.small ? large_shapes : "");
        jobs.push_back({{visit.program("tests/backend_tests"), "--gtest_filter=" + filter,
                         "--gtest_output=json:" + (visit.out / (name + "-test.json")).string()},
                        visit.log(name + "-test"),
                        seconds,
                        backend.empty()
                            ? std::map<std::string, std::string>{}
                            : std::map<std::string, std::string>{{"VIT_TEST_BACKEND", backend}}});
    };
    // These go through the backends by themselves. One compiles everything anew, and takes longest.
    for (const char *suite : {"Device", "Backend", "PackedModel"}) {
        add(suite, "");
    }
    // The others: those with most tests first.
    std::vector<std::tuple<int, std::string, std::string>> of_devices;
    for (const std::string &backend : visit.backends) {
        for (const auto &[suite, count] : tests_of_suites(visit, backend)) {
            of_devices.emplace_back(-count, suite, backend);
        }
    }
    std::sort(of_devices.begin(), of_devices.end());
    for (const auto &[count, suite, backend] : of_devices) {
        add(suite, backend);
    }
    const std::vector<Outcome> outcomes = run_all(jobs, std::clamp(visit.processors / 2, 1, 8));
    Finding finding;
    int all = 0, failures = 0;
    for (std::size_t i = 0; i < jobs.size(); i++) {
        Json &result = visit.results["tests"]["programs"][names[i]];
        const Json report = json_file((visit.out / (names[i] + "-test.json")).string());
        result["outcome"] = outcomes[i].text();
        result["seconds"] = outcomes[i].seconds;
        if (report.is_object()) {
            result["tests"] = report["tests"];
            result["failures"] = report["failures"];
            all += report["tests"].get<int>();
            for (const Json &suite : report["testsuites"]) {
                for (const Json &test : suite["testsuite"]) {
                    if (!test.contains("failures")) continue;
                    failures++;
                    const std::string what =
                        suite["name"].get<std::string>() + "." + test["name"].get<std::string>() + ": " +
                        test["failures"][0]["failure"].get<std::string>().substr(0, 300);
                    result["messages"].push_back(what);
                    if (finding.lines.size() < 12) finding.lines.push_back(what.substr(0, 200));
                }
            }
        }
        if (!outcomes[i].ok()) {
            finding.failed += (finding.failed.empty() ? "" : "; ") + names[i] + ": " + outcomes[i].text();
        }
    }
    finding.lines.insert(finding.lines.begin(), format("%d tests, %d failed", all, failures));
    if (all == 0) finding.failed = "no test ran";
    return finding;
}

// 4. The race.
Finding race(Visit &visit, double seconds) {
    if (visit.backends.empty()) return {.lacks = no_device};
    const std::string backend = visit.backends[0], file = (visit.out / "race.json").string();
    std::vector<std::string> shape{"--batch", "1,64"};
    if (visit.small) shape = {"--arch", "vit-ti16", "--image-size", "32", "--batch", "1,2", "--rounds", "1"};
    // The driver compiles what it has not seen: several processes at once, so that the race finds it done.
    std::vector<Job> warm;
    const int parts = std::clamp(visit.processors, 1, 12);
    for (int part = 0; part < parts; part++) {
        warm.push_back({{visit.program("race"), "--backend", backend, "--warm",
                         std::to_string(part) + "/" + std::to_string(parts)},
                        visit.log("warm"),
                        seconds / 2});
    }
    run_all(warm, parts);
    std::vector<std::string> command{
        visit.program("race"),      "--backend", backend, "--output", file, "--seconds",
        std::to_string(seconds / 2)};
    command.insert(command.end(), shape.begin(), shape.end());
    const Outcome outcome = run({command, visit.log("race"), seconds});
    const Json raced = json_file(file);
    Finding finding;
    if (!raced.is_object()) {
        finding.failed = outcome.text() + ", " + end_of(visit.log("race"));
        return finding;
    }
    visit.results["race"]["found"] = raced;
    finding.lines.push_back(format("peak %.2f TFLOP/s, memory %.0f GB/s; %zu candidates, %d rounds",
                                   raced["peak_tflops"].get<double>(), raced["memory_gbs"].get<double>(),
                                   raced["candidates"].size(), raced["rounds"].get<int>()));
    std::string last;
    for (const Json &row : raced["candidates"]) {
        const std::string what =
            row["stage"].get<std::string>() + ", batch " + std::to_string(row["batch"].get<int>());
        const std::string values = row["layout"].get<std::string>() + " " + row["values"].get<std::string>();
        if (row.contains("wrong")) {
            finding.failed +=
                (finding.failed.empty() ? "" : "; ") + what + ": " + values + " is wrong and was not timed";
        } else if (row.contains("ms") && what != last) {
            finding.lines.push_back(format("%-22s %8.4f ms %6.2f TFLOP/s %5.1f %%  %s", what.c_str(),
                                           row["ms"].get<double>(), row["tflops"].get<double>(),
                                           row["peak_percent"].get<double>(), values.c_str()));
            last = what;
        }
    }
    return finding;
}

// 5. Whole models.
Finding bench(Visit &visit, double seconds) {
    if (visit.backends.empty()) return {.lacks = no_device};
    struct Case {
        const char *arch, *batch;
    };
    std::vector<Case> cases{{"vit-b16", "1"}, {"vit-b16", "8"}, {"vit-b16", "64"}, {"vit-l16", "1"}};
    if (visit.small) cases = {{"vit-ti16", "1"}, {"vit-ti16", "2"}};
    const Json peaks = visit.results["race"].value("found", Json::object());
    const double flops = 1e12 * peaks.value("peak_tflops", 0.0),
                 bytes = 1e9 * peaks.value("memory_gbs", 0.0);
    Finding finding;
    for (const Case &c : cases) {
        const std::string log = visit.log(std::string("bench-") + c.arch + "-" + c.batch);
        std::vector<std::string> command{visit.program("vit"),
                                         "bench",
                                         "--arch",
                                         c.arch,
                                         "--batch",
                                         c.batch,
                                         "--backend",
                                         visit.backends[0],
                                         "--repeat",
                                         visit.small ? "2" : "20",
                                         "--format",
                                         "json"};
        if (visit.small) command.insert(command.end(), {"--image-size", "64"});
        const Outcome outcome = run({command, log, seconds / static_cast<double>(cases.size())});
        Json found = json_file(log);
        if (!found.is_object()) {
            finding.failed += (finding.failed.empty() ? "" : "; ") + std::string(c.arch) + " batch " +
                              c.batch + ": " + outcome.text() + ", " + end_of(log);
            continue;
        }
        const double ms = found["compute_ms"]["min"], gflop = found["gflop"];
        std::string line = format("%-8s batch %-3s %9.3f ms, median %9.3f, %6.2f TFLOP/s", c.arch, c.batch,
                                  ms, found["compute_ms"]["median"].get<double>(), gflop / ms);
        if (flops > 0) {
            // The weights are read once a pass at least.
            const double weights = 4.0 * found.value("parameters", 0.0);
            found["peak_percent"] = 100 * gflop * 1e9 / (ms / 1e3) / flops;
            found["memory_percent"] = 100 * weights / (ms / 1e3) / bytes;
            line += format(", %5.1f %% of the peak, weights alone %4.1f %% of the memory's rate",
                           found["peak_percent"].get<double>(), found["memory_percent"].get<double>());
        }
        visit.results["bench"]["cases"].push_back(found);
        finding.lines.push_back(line);
    }
    return finding;
}

// 6. PyTorch on the same weights and input.
Finding pytorch(Visit &visit, double seconds) {
    if (visit.backends.empty()) return {.lacks = no_device};
    const std::string python = find_program("python3", {"/opt/torch/.venv/bin"});
    if (python.empty()) return {.lacks = "there is no python3"};
    const std::string probe =
        "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)";
    if (!run({{python, "-c", probe}, visit.log("pytorch"), 60}).ok())
        return {.lacks = python + " has no PyTorch"};
    const std::string file = (visit.out / "pytorch.json").string();
    std::vector<std::string> command{python,      visit.program("peers/torch_gpu.py"),
                                     "--worker",  visit.program("worker"),
                                     "--backend", visit.backends[0],
                                     "--output",  file,
                                     "--models",  (visit.out / "models").string(),
                                     "--seconds", std::to_string(0.9 * seconds)};
    if (visit.small) command.push_back("--small");
    const Outcome outcome = run({command, visit.log("pytorch"), seconds});
    std::error_code ignored;
    std::filesystem::remove_all(visit.out / "models", ignored);
    const Json found = json_file(file);
    Finding finding;
    if (!found.is_object()) {
        if (outcome.status == 3) return {.lacks = end_of(visit.log("pytorch"))};
        finding.failed = outcome.text() + ", " + end_of(visit.log("pytorch"));
        return finding;
    }
    visit.results["pytorch"]["found"] = found;
    for (const Json &row : found["rows"]) {
        finding.lines.push_back(format("%-8s batch %-3d %-24s %9.3f ms, differs by %.1e",
                                       row["model"].get<std::string>().c_str(), row["batch"].get<int>(),
                                       row["engine"].get<std::string>().c_str(), row["ms"].get<double>(),
                                       row["difference"].get<double>()));
        if (row.value("wrong", false))
            finding.failed = "answers differ by more than their precision explains";
    }
    if (outcome.timed_out) {
        finding.lines.push_back("stopped there: " + outcome.text());
    } else if (!outcome.ok() && finding.failed.empty()) {
        finding.failed = outcome.text();
    }
    return finding;
}

// 7. What the hardware counts for the fastest candidates of linear and attention.
Finding counters(Visit &visit, double seconds) {
    if (visit.backends.empty()) return {.lacks = no_device};
    const std::string program = find_program("ncu", cuda_directories);
    if (program.empty()) return {.lacks = "there is no ncu"};
    if (!visit.results["race"].contains("found")) return {.lacks = "the race found nothing"};
    Finding finding;
    std::string last;
    for (const Json &row : visit.results["race"]["found"]["candidates"]) {
        const std::string stage = row["stage"], name = stage + "-" + std::to_string(row["batch"].get<int>());
        if ((stage != "linear/fc1" && stage != "attention") || name == last || !row.contains("ms")) continue;
        last = name;
        const std::string only =
            stage + " " + row["layout"].get<std::string>() + " " + row["values"].get<std::string>();
        const std::string log = visit.log("ncu-" + identifier_of(name));
        const Outcome outcome = run({{program,
                                      "--clock-control",
                                      "none",
                                      "--set",
                                      "detailed",
                                      "--kernel-name",
                                      stage == "attention" ? "regex:context" : "regex:_kernel_y",
                                      "--launch-skip",
                                      "2",
                                      "--launch-count",
                                      "1",
                                      visit.program("race"),
                                      "--backend",
                                      visit.backends[0],
                                      "--rounds",
                                      "1",
                                      "--batch",
                                      std::to_string(row["batch"].get<int>()),
                                      "--only",
                                      only},
                                     log,
                                     seconds / 4});
        const std::string text = read_file(log);
        std::string line = name + ":";
        for (const char *metric : {"Compute (SM) Throughput", "L1/TEX Cache Throughput",
                                   "L2 Cache Throughput", "Achieved Occupancy", "Registers Per Thread"}) {
            const std::size_t at = text.find(metric);
            if (at == std::string::npos) continue;
            const std::string rest = text.substr(at, text.find('\n', at) - at);
            const std::string value = rest.substr(rest.rfind(' ') + 1);
            visit.results["counters"][name][metric] = value;
            line += std::string(" ") + metric + " " + value;
        }
        if (line.back() == ':') line += " nothing, " + outcome.text() + ", " + end_of(log);
        finding.lines.push_back(line);
    }
    return finding;
}

}  // namespace

const std::vector<Step> &steps() {
    static const std::vector<Step> all{{"machine", 90, machine},  {"sanitizer", 60, sanitizer},
                                       {"tests", 120, tests},     {"race", 120, race},
                                       {"bench", 80, bench},      {"pytorch", 150, pytorch},
                                       {"counters", 60, counters}};
    return all;
}

}  // namespace vit::bench
