// vit pack: a checkpoint as one file that starts by being mapped.
#include <memory>
#include <string>

#include "command.h"
#include "text.h"

namespace command {

namespace {

struct PackOptions {
    std::string model;
    std::string output;
    vit::ModelOptions backend;
};

constexpr const char *footer =
    R"(The other commands take FILE in place of MODEL. It serves the target and the version of vit that
packed it; others refuse it by name. A packed model starts in the time of mapping its weights.

Example:
    vit pack models/fashion-mnist -o fashion-mnist.vit)";

int pack(const PackOptions &options) {
    const vit::Model model = value_or_fail(vit::Model::load(options.model, options.backend));
    value_or_fail(model.save_packed(options.output));
    print(options.output + ": packed for " + model.backend().target + "\n");
    return ok;
}

}  // namespace

void add_pack(CLI::App &app, Run &run) {
    auto options = std::make_shared<PackOptions>();
    CLI::App *command = app.add_subcommand("pack", "Write a checkpoint as one file that starts faster.");
    add_model(*command, options->model);
    command->get_option("MODEL")->required();
    add_file(*command, "-o,--output", options->output, "The file to write");
    command->get_option("--output")->required();
    add_backend(*command, options->backend);
    command->footer(footer);
    command->callback([options, &run] { run = [options] { return pack(*options); }; });
}

}  // namespace command
