// vit classify: what is in these pictures?
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "batches.h"
#include "command.h"
#include "interruption.h"
#include "npy.h"
#include "picture_options.h"
#include "pictures.h"
#include "progress.h"
#include "report.h"
#include "stopwatch.h"
#include "text.h"

namespace command {

namespace {

constexpr int most_labels = 1 << 24;

// Columns that the one-line report keeps free for a name, which may be longer.
constexpr std::size_t widest_file = 60, widest_label = 24;

struct ClassifyOptions {
    std::string model;
    std::vector<std::string> pictures;
    ListOptions list;
    PictureChoices choices;
    std::string input;  // array file to use instead of pictures
    int top_k = 5;
    Format format = Format::text;
    int threads = 0;
    int batch = 8;
    vit::ModelOptions backend;
    std::string dump_input, dump_logits;
};

constexpr const char *footer =
    R"(A directory stands for the files in it that are named .jpg .jpeg .jpe .jfif
.png .webp .tif .tiff .heic .heif .avif .gif .bmp .tga .pnm .ppm .pgm .pbm .pam,
in the order of their names, and with --recursive for those in directories
below; hidden ones are passed over, and what was skipped is counted on standard
error. - stands for the names on standard input, one a line, or with -0 as from
find -print0; /dev/stdin for a picture on standard input.

A picture that cannot be read is reported in its place and the others go on; the
exit status is then 1. ms is the time to read, decode and preprocess the picture
and its share of the batch's forward pass, while other threads work on others.

json: an object a line, {"file", "predictions": [{"index", "label", "score"}],
      "ms"} or {"file", "error"}
csv:  a row a prediction, file,rank,index,label,score,ms,error; what a spreadsheet
      would take for a formula begins with an apostrophe

Example:
    vit classify models/fashion-mnist models/fashion-mnist/images --top-k 3)";

// Where the answers go.
class Reporter {
public:
    Reporter(const vit::Model &model, const ClassifyOptions &options, const BatchSource &source)
        : model_(model), options_(options), widths_{std::min(source.longest_name(), widest_file), 0},
          progress_(source.size()) {
        for (int i = 0; i < model_.architecture().labels; i++) {
            const std::size_t width = columns(harmless(model_.label(i)));
            widths_.label = std::max(widths_.label, std::min(width, widest_label));
        }
        if (options_.format == Format::csv) print(csv_header);
        progress_.show(0);
    }

    // What could not be read, or its predictions from scores [labels].
    void report(const Item &item, const float *scores, double network_milliseconds) {
        Answer answer{item.file, item.error, {}, item.milliseconds + network_milliseconds};
        if (item.error.empty()) {
            const int labels = model_.architecture().labels;
            for (const auto &[index, score] : vit::top_k(scores, labels, options_.top_k)) {
                answer.predictions.push_back({index, model_.label(index), score});
            }
        }
        failed_ += !item.error.empty();
        progress_.hide();
        write(answer);
        progress_.show(++done_);
    }

    // The last lines on standard error; whether there is an answer to everything.
    bool finish(const std::string &skipped) {
        progress_.finish(done_, failed_);
        if (!skipped.empty()) complain(skipped);
        return failed_ == 0;
    }
    void hide_progress() { progress_.hide(); }

private:
    void write(const Answer &answer) const {
        switch (options_.format) {
        case Format::json: return print(json_report(answer));
        case Format::csv: return print(csv_report(answer));
        case Format::text: break;
        }
        if (!answer.error.empty()) return complain(answer.error);
        const vit::Scores scores = model_.architecture().scores;
        print(options_.top_k == 1 ? line_report(answer, scores, widths_) : text_report(answer, scores));
    }

    const vit::Model &model_;
    const ClassifyOptions &options_;
    LineWidths widths_;
    Progress progress_;
    std::int64_t done_ = 0, failed_ = 0;
};

// All that is written, so that an end from outside can tidy up.
struct Outputs {
    std::unique_ptr<NpyWriter> input, logits;  // null if they were not asked for
    std::optional<Reporter> reporter;

    void abandon() {
        if (input) input->abandon();
        if (logits) logits->abandon();
        if (reporter) reporter->hide_progress();
    }
};

std::unique_ptr<NpyWriter> dump(const std::string &path, std::vector<std::int64_t> item_shape) {
    return path.empty() ? nullptr : std::make_unique<NpyWriter>(path, std::move(item_shape));
}

// Every batch of the source through the network.
void classify_all(Prefetch &prefetch, vit::Session &session, const vit::Model &model, Outputs &outputs,
                  Interruption &interruption) {
    const int most = session.max_batch(), labels = model.architecture().labels;
    std::vector<float> logits(static_cast<std::size_t>(most) * labels), scores(logits.size());
    for (;;) {
        const Batch &batch = prefetch.next();
        if (batch.items.empty()) break;
        double milliseconds = 0;  // of one picture
        if (batch.count > 0) {
            const Stopwatch stopwatch;
            value_or_fail(session.forward(batch.pixels.data(), batch.count, logits.data()));
            milliseconds = stopwatch.milliseconds() / batch.count;
            value_or_fail(session.scores(scores.data()));  // NaN where logits are not finite
            if (outputs.input) outputs.input->write(batch.pixels.data(), batch.count);
            if (outputs.logits) outputs.logits->write(logits.data(), batch.count);
        }
        const float *item_scores = scores.data();
        for (Item item : batch.items) {
            const std::lock_guard lock(interruption.writing());
            const float *its = item_scores;
            if (item.error.empty()) {
                item_scores += labels;
                if (std::isnan(its[0])) item.error = item.file + ": its logits are not finite";
            }
            outputs.reporter->report(item, its, milliseconds);
        }
    }
}

int classify(const ClassifyOptions &options) {
    if (options.pictures.empty() == options.input.empty()) {
        throw Misuse("classify needs pictures, or --input with what they became, and not both");
    }
    Outputs outputs;
    Interruption interruption([&] { outputs.abandon(); });
    const vit::Model model = value_or_fail(vit::Model::load(options.model, options.backend));
    const vit::Architecture &a = model.architecture();
    std::unique_ptr<BatchSource> source;
    if (!options.input.empty()) source = array_source(a, options.input);
    FileList files(options.pictures, std::cin, options.list);
    const std::string skipped = files.skipped().sentence();
    // No larger than can be filled: the session's buffers grow with it.
    const std::int64_t total = (source ? source->size() : files.size()).value_or(options.batch);
    const int most = static_cast<int>(std::clamp<std::int64_t>(total, 1, options.batch));
    const vit::SessionOptions session_options{.threads = options.threads, .max_batch = most};
    vit::Session session = value_or_fail(vit::Session::create(model, session_options));
    if (!source) {
        const vit::ImageOptions image = image_options(options.choices, model);
        source = picture_source(model, std::move(files), {image, session.threads()});
    }
    Prefetch prefetch(*source, most);
    try {
        {
            const std::lock_guard lock(interruption.writing());
            outputs.input = dump(options.dump_input, {a.channels, a.image_height, a.image_width});
            outputs.logits = dump(options.dump_logits, {a.labels});
            outputs.reporter.emplace(model, options, *source);
        }
        classify_all(prefetch, session, model, outputs, interruption);
    } catch (const Failure &failure) {
        // Those who read ahead may be waiting for a name or a picture that never comes: nobody joins them.
        const std::lock_guard lock(interruption.writing());
        outputs.abandon();
        complain(failure.what());
        std::_Exit(failed);
    }
    const std::lock_guard lock(interruption.writing());
    if (outputs.input) outputs.input->finish();
    if (outputs.logits) outputs.logits->finish();
    return outputs.reporter->finish(skipped) ? ok : failed;
}

}  // namespace

void add_classify(CLI::App &app, Run &run) {
    auto options = std::make_shared<ClassifyOptions>();
    CLI::App *classify_app = app.add_subcommand("classify", "Say what is in pictures.");
    classify_app->footer(footer);
    add_model(*classify_app, options->model);
    classify_app->get_option("MODEL")->required();
    classify_app->add_option("IMAGE", options->pictures, "Files, directories, or - for a list of names")
        ->type_name("");
    classify_app->add_flag("-r,--recursive", options->list.recursive,
                           "Take pictures in directories below, too");
    classify_app->add_flag("-0,--null", options->list.zeros,
                           "Names in the list end with a zero byte, as from find -print0");
    add_picture_options(*classify_app, options->choices);
    add_number(*classify_app, "--top-k", options->top_k, 1, most_labels, "Labels to show, best first [5]");
    add_format(*classify_app, options->format, {"text", "json", "csv"});
    add_threads(*classify_app, options->threads);
    add_batch(*classify_app, options->batch, "Pictures that go through the network at once");
    add_backend(*classify_app, options->backend);
    classify_app->add_flag("!--no-verify", options->backend.verify,
                           "Takes a packed model's weights as they are, without comparing them with their "
                           "checksums");
    add_file(*classify_app, "--dump-input", options->dump_input,
             "Write what the network saw: .npy, float32 [n, channels, height, width]");
    add_file(*classify_app, "--dump-logits", options->dump_logits,
             "Write what it said: .npy, float32 [n, labels]");
    add_file(*classify_app, "--input", options->input,
             "Instead of pictures, preprocessed ones: as --dump-input writes them");
    classify_app->callback([options, &run] { run = [options] { return classify(*options); }; });
}

}  // namespace command
