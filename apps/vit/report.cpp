#include "report.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "text.h"

namespace command {

namespace {

// A probability as a percentage; a score that is none as it is.
std::string shown_score(float score, vit::Scores scores) {
    if (scores == vit::Scores::identity) return general(score, 5);
    return fixed(100.0 * score, 1) + " %";
}

}  // namespace

std::string text_report(const Answer &answer, vit::Scores scores) {
    std::size_t label_width = 0, score_width = 0;
    for (const LabelledPrediction &prediction : answer.predictions) {
        label_width = std::max(label_width, columns(harmless(prediction.label)));
        score_width = std::max(score_width, columns(shown_score(prediction.score, scores)));
    }
    std::string out = harmless(answer.file) + "  " + fixed(answer.milliseconds, 1) + " ms\n";
    for (const LabelledPrediction &prediction : answer.predictions) {
        out += "    " + pad_right(harmless(prediction.label), label_width) + "  " +
               pad_left(shown_score(prediction.score, scores), score_width) + "\n";
    }
    return out;
}

std::string line_report(const Answer &answer, vit::Scores scores, const LineWidths &widths) {
    constexpr std::size_t score_width = 7, time_width = 10;  // "100.0 %", "12345.6 ms"
    std::string out = pad_right(harmless(answer.file), widths.file);
    for (const LabelledPrediction &prediction : answer.predictions) {
        out += "  " + pad_right(harmless(prediction.label), widths.label) + "  " +
               pad_left(shown_score(prediction.score, scores), score_width);
    }
    return out + "  " + pad_left(fixed(answer.milliseconds, 1) + " ms", time_width) + "\n";
}

std::string json_report(const Answer &answer) {
    nlohmann::ordered_json line;
    line["file"] = answer.file;
    if (!answer.error.empty()) {
        line["error"] = answer.error;
    } else {
        line["predictions"] = nlohmann::ordered_json::array();
        for (const LabelledPrediction &prediction : answer.predictions) {
            line["predictions"].push_back({{"index", prediction.index},
                                           {"label", prediction.label},
                                           {"score", shortest(prediction.score)}});
        }
        line["ms"] = rounded(answer.milliseconds, 3);
    }
    return harmless_json(line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) + "\n";
}

const char *const csv_header = "file,rank,index,label,score,ms,error\n";

std::string csv_report(const Answer &answer) {
    const std::string file = csv_field(answer.file);
    if (!answer.error.empty()) return file + ",,,,,," + csv_field(answer.error) + "\n";
    std::string out;
    int rank = 1;
    for (const LabelledPrediction &prediction : answer.predictions) {
        out += file + "," + std::to_string(rank++) + "," + std::to_string(prediction.index) + "," +
               csv_field(prediction.label) + "," + general(shortest(prediction.score), 9) + "," +
               fixed(answer.milliseconds, 3) + ",\n";
    }
    return out;
}

}  // namespace command
