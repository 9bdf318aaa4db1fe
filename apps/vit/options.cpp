#include <algorithm>
#include <charconv>
#include <system_error>

#include <vit/fields.h>

#include "command.h"

namespace command {

namespace {

constexpr int most_batch = 4096;

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
    app.add_option_function<std::string>("--format", choose, "Form of the output [" + names.front() + "]")
        ->check(CLI::Validator(check, ""))
        ->type_name(joined(names));
}

void add_model(CLI::App &app, std::string &directory) {
    app.add_option("MODEL", directory, "Directory with config.json and model.safetensors, or a packed model")
        ->type_name("");
}

void add_number(CLI::App &app, const std::string &name, int &value, int lowest, int highest,
                const std::string &meaning) {
    const auto check = [=](const std::string &text) {
        int number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool whole = error == std::errc() && end == text.data() + text.size();
        if (whole && number >= lowest && number <= highest) return std::string();
        return "'" + text + "' is no number from " + std::to_string(lowest) + " to " +
               std::to_string(highest);
    };
    app.add_option(name, value, meaning)->check(CLI::Validator(check, ""))->type_name("N");
}

void add_file(CLI::App &app, const std::string &name, std::string &path, const std::string &meaning) {
    app.add_option(name, path, meaning)->type_name("FILE");
}

void add_threads(CLI::App &app, int &threads) {
    add_number(app, "--threads", threads, 0, vit::max_threads,
               "Threads that compute [0: as many as this process may use]");
}

void add_batch(CLI::App &app, int &batch, const std::string &meaning) {
    add_number(app, "--batch", batch, 1, most_batch, meaning + " [" + std::to_string(batch) + "]");
}

void add_backend(CLI::App &app, vit::ModelOptions &options) {
    add_target(app, options);
    add_precision(app, options, nullptr);
}

void add_target(CLI::App &app, vit::ModelOptions &options) {
    app.add_option("--backend", options.backend,
                   "Compiled target to run, see 'vit info' [the first that can]")
        ->type_name("NAME");
    add_number(app, "--device", options.device, 0, 1000,
               "Its device, by the number that 'vit info' has [0]");
}

void add_precision(CLI::App &app, vit::ModelOptions &options, bool *automatic) {
    std::vector<std::string> names(std::begin(vit::precision_names), std::end(vit::precision_names));
    if (automatic) names.emplace_back("auto");
    const auto check = [names](const std::string &name) {
        const bool known = std::find(names.begin(), names.end(), name) != names.end();
        return known ? std::string() : "'" + name + "' is none of " + joined(names);
    };
    app.add_option_function<std::string>(
           "--precision",
           [&options, automatic](const std::string &name) {
               options.precision = vit::value_named<vit::Precision>(name);
               if (automatic) *automatic = !options.precision;
           },
           std::string("Of the blocks' linear layers ") + (automatic ? "[f32]" : "[f32, or as packed]"))
        ->check(CLI::Validator(check, ""))
        ->type_name(joined(names));
}

}  // namespace command
