// One visit to a GPU, with everything prepared: measures, checks, and leaves what it found as JSON.
#include <sys/utsname.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <thread>

#include <CLI/CLI.hpp>

#include "bench/gpu/visit.h"

namespace {

using namespace vit::bench;

struct Options {
    std::string out;
    double seconds = 420;
    bool small = false;
    std::vector<std::string> only;
};

std::string now() {
    char text[32];
    const std::time_t time = std::time(nullptr);
    std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%SZ", std::gmtime(&time));
    return text;
}

void write(const std::filesystem::path &path, const std::string &text) {
    std::ofstream file(path);
    file << text;
    if (!file.flush()) throw std::runtime_error(path.string() + " cannot be written");
}

int visit(const Options &options) {
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    Visit visit;
    visit.kit = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    visit.out = std::filesystem::absolute(options.out.empty() ? "gpu-visit-" + now() : options.out);
    visit.small = options.small;
    visit.processors = std::max(1u, std::thread::hardware_concurrency());
    std::filesystem::create_directories(visit.out);

    bool all_well = true;
    std::string summary;
    visit.results["date"] = now();
    for (const Step &step : steps()) {
        if (!options.only.empty() &&
            std::find(options.only.begin(), options.only.end(), step.name) == options.only.end()) {
            continue;
        }
        const double share = options.seconds / 420 * step.seconds, left = options.seconds - elapsed();
        std::fprintf(stderr, "%s, at most %.0f s [%.0f s]\n", step.name, std::min(share, left), elapsed());
        const double began = elapsed();
        Finding finding;
        if (left < 1) {
            finding.lacks = "no time was left";
        } else {
            try {
                finding = step.run(visit, std::min(share, left));
            } catch (const std::exception &error) {
                finding.failed = error.what();
            }
        }
        all_well = all_well && finding.failed.empty();
        Json &result = visit.results[step.name];
        result["seconds"] = elapsed() - began;
        std::string text = std::string(step.name) + "\n";
        if (!finding.lacks.empty()) {
            result["lacks"] = finding.lacks;
            finding.lines.push_back("left out: " + finding.lacks);
        }
        if (!finding.failed.empty()) {
            result["failed"] = finding.failed;
            finding.lines.push_back("FAILED: " + finding.failed);
        }
        for (const std::string &line : finding.lines) {
            text += "    " + line + "\n";
        }
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
        summary += text;
        // What has been found stays, whatever becomes of the rest.
        write(visit.out / "results.json",
              visit.results.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
        write(visit.out / "summary.txt", summary);
    }
    std::printf("%s in %.0f s: %s\n", all_well ? "all that could be done went well" : "something failed",
                elapsed(), (visit.out / "results.json").c_str());
    return all_well ? 0 : 1;
}

}  // namespace

int main(int argc, char **argv) {
    Options options;
    CLI::App app{
        "Everything worth knowing of this project on this machine's GPU, in a few minutes. Needs nothing "
        "but\n"
        "what lies beside it; what else there is (PyTorch, compute-sanitizer, ncu) is made use of."};
    app.add_option("--out", options.out,
                   "Directory for results.json, summary.txt and logs [gpu-visit-DATE]");
    app.add_option("--seconds", options.seconds, "For everything; each step has its share")
        ->capture_default_str()
        ->check(CLI::Range(1.0, 86400.0));
    app.add_flag("--small", options.small, "Small shapes: does everything work?");
    std::vector<std::string> names;
    for (const Step &step : steps()) {
        names.push_back(step.name);
    }
    app.add_option("--only", options.only, "Some of the steps")->delimiter(',')->check(CLI::IsMember(names));
    app.footer("Example, and what to do with it back home:\n"
               "  ./run --out found && make gpu-report FROM=found");
    CLI11_PARSE(app, argc, argv);
    try {
        return visit(options);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "run: %s\n", error.what());
    }
    return 1;
}
