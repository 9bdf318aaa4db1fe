#include <algorithm>

#include "command.h"

namespace command {

namespace {

constexpr int most_threads = 1024, most_batch = 4096;

std::string joined(const std::vector<std::string> &names) {
    std::string out;
    for (const std::string &name : names) {
        out += (out.empty() ? "" : "|") + name;
    }
    return out;
}

}  // namespace

void add_format(CLI::App &app, Format &format, const std::vector<std::string> &names) {
    static const std::vector<std::string> formats = {"text", "json", "csv"};  // in the order of Format
    const auto choose = [&format, names](const std::string &name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) return false;
        format = static_cast<Format>(std::find(formats.begin(), formats.end(), name) - formats.begin());
        return true;
    };
    const auto check = [names](const std::string &name) {
        const bool known = std::find(names.begin(), names.end(), name) != names.end();
        return known ? std::string() : "'" + name + "' is none of " + joined(names);
    };
    app.add_option_function<std::string>("--format", choose, "Form of the output, text if not given")
        ->check(CLI::Validator(check, joined(names)))
        ->type_name("");
}

void add_threads(CLI::App &app, int &threads) {
    app.add_option("--threads", threads, "Threads that compute; 0: as many as this process may use")
        ->check(CLI::Range(0, most_threads))
        ->capture_default_str();
}

void add_batch(CLI::App &app, int &batch, const std::string &meaning) {
    app.add_option("--batch", batch, meaning)->check(CLI::Range(1, most_batch))->capture_default_str();
}

void add_backend(CLI::App &app, std::string &backend) {
    app.add_option("--backend", backend, "Compiled target to run, if not the first that can; 'vit info' lists them");
}

}  // namespace command
