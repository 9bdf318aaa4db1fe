// What the subcommands of `vit` share: how they are registered, how they end, and where they print.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "failure.h"
#include "vit/vit.h"

namespace command {

// Exit statuses, as `vit --help` documents them.
constexpr int ok = 0;
constexpr int failed = 1;   // something could not be read, computed or written
constexpr int misused = 2;  // the command line itself is wrong

enum class Format { text,
                    json,
                    csv };

// Ends the command as Failure does, for a command line that asks for the impossible: with exit status 2.
struct Misuse : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The value, or a Failure with the library's sentence.
template<typename T>
T value_or_fail(vit::Result<T> result) {
    if (!result) throw Failure(result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Each adds a subcommand to `app`; when that one is asked for, parsing sets `run` to what computes its exit
// status.
using Run = std::function<int()>;
void add_classify(CLI::App &app, Run &run);
void add_compare(CLI::App &app, Run &run);
void add_info(CLI::App &app, Run &run);
void add_bench(CLI::App &app, Run &run);
void add_pack(CLI::App &app, Run &run);

// Options that several of them have. The names are the formats that one knows.
void add_format(CLI::App &app, Format &format, const std::vector<std::string> &names);
void add_model(CLI::App &app, std::string &directory);
void add_number(CLI::App &app, const std::string &name, int &value, int lowest, int highest,
                const std::string &meaning);
void add_file(CLI::App &app, const std::string &name, std::string &path, const std::string &meaning);
void add_threads(CLI::App &app, int &threads);
void add_batch(CLI::App &app, int &batch, const std::string &meaning);
// --backend and --device, and --precision, whose "auto", if that is one of its values, sets `automatic`.
void add_target(CLI::App &app, vit::ModelOptions &options);
void add_precision(CLI::App &app, vit::ModelOptions &options, bool *automatic);
void add_backend(CLI::App &app, vit::ModelOptions &options);  // all of these, without auto

// Writes to standard output and flushes. Throws Failure if that does not take it: a full disk, a closed
// pipe.
void print(std::string_view text);

// One line on standard error, after what was printed before; control characters made harmless.
void complain(std::string_view sentence);

}  // namespace command
