// How answers look: for people, as JSON lines and as CSV. README describes the latter two.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "command.h"
#include "vit/vit.h"

namespace command {

struct LabelledPrediction {
    int index;
    std::string label;
    float score;
};

struct Answer {
    std::string file;
    // One sentence, if there is no answer; then nothing below counts.
    std::string error;
    std::vector<LabelledPrediction> predictions;  // best first
    double milliseconds = 0;
};

// For people, with control characters made harmless: the file's name and time, then a line for each label.
std::string text_report(const Answer &answer, vit::Scores scores);

// For people who want one label: all on one line, in columns.
struct LineWidths {
    std::size_t file, label;  // columns to pad to
};
std::string line_report(const Answer &answer, vit::Scores scores, const LineWidths &widths);

// One object and a newline: {"file", "predictions": [{"index", "label", "score"}], "ms"} or {"file",
// "error"}. What is not UTF-8 becomes U+FFFD.
std::string json_report(const Answer &answer);

// A line for each prediction, or one for an error, with the columns of csv_header; quoted as RFC 4180 says,
// with "\n" for the ends of lines. Names stand there byte for byte.
std::string csv_report(const Answer &answer);
extern const char *const csv_header;

}  // namespace command
