// The command `vit`: classify pictures with a Vision Transformer, look at a checkpoint, measure speed.
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <system_error>

#include "command.h"

namespace {

constexpr const char *footer =
    R"(Exit status: 0 if all went well; 1 if something could not be read, computed or
written; 2 if the command line is wrong. Each command's --help shows an example.)";

int parse_and_run(int argc, char **argv) {
    CLI::App app{"Vision Transformer image classification.", "vit"};
    app.set_help_flag("-h,--help", "Print this and stop.");
    app.set_version_flag("--version", std::string("vit ") + vit::version(), "Print the version and stop.");
    app.footer(footer);
    app.require_subcommand(0, 1);
    app.fallthrough(false);
    command::Run run;
    command::add_classify(app, run);
    command::add_compare(app, run);
    command::add_info(app, run);
    command::add_bench(app, run);
    command::add_pack(app, run);
    std::vector<std::string> arguments;  // the last first, as CLI11 wants them
    for (int i = argc - 1; i > 0; i--) {
        arguments.emplace_back(argv[i]);
        // CLI11 would take [a,b] for a list of two; ./[a,b] is the same file.
        if (arguments.back().starts_with('[')) arguments.back().insert(0, "./");
    }
    try {
        app.parse(arguments);
    } catch (const CLI::CallForHelp &) {
        command::print(app.help());
        return command::ok;
    } catch (const CLI::CallForVersion &version) {
        command::print(std::string(version.what()) + "\n");
        return command::ok;
    } catch (const CLI::ParseError &error) {
        throw command::Misuse(error.what());
    }
    if (!run) throw command::Misuse("a command is needed: classify, compare, info, bench or pack");
    return run();
}

}  // namespace

int main(int argc, char **argv) {
    // A reader that went away shows as a write error, which is reported like any other.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return parse_and_run(argc, argv);
    } catch (const command::Misuse &misuse) {
        command::complain(misuse.what());
        command::complain("'vit --help' and 'vit COMMAND --help' list what can be asked");
        return command::misused;
    } catch (const command::Failure &failure) {
        command::complain(failure.what());
    } catch (const std::bad_alloc &) {
        command::complain("there is not enough memory");
    } catch (const std::filesystem::filesystem_error &error) {
        command::complain(error.what());
    } catch (const std::system_error &error) {  // of std::thread
        command::complain("no thread can be started: " + error.code().message());
    } catch (const std::exception &error) {
        command::complain(error.what());
    }
    return command::failed;
}
