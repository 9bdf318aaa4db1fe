// Reads CSV as RFC 4180 has it, with "\n" for the ends of lines.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace vit::test {

inline std::vector<std::vector<std::string>> parse_csv(const std::string &text) {
    std::vector<std::vector<std::string>> rows;
    std::size_t i = 0;
    while (i < text.size()) {
        std::vector<std::string> row;
        for (bool more = true; more; i++) {
            std::string field;
            if (i < text.size() && text[i] == '"') {
                for (i++; text.at(i) != '"' || (i + 1 < text.size() && text[i + 1] == '"'); i++) {
                    field += text[i];
                    i += text[i] == '"';
                }
                i++;
            } else {
                for (; i < text.size() && text[i] != ',' && text[i] != '\n'; i++) {
                    if (text[i] == '"') throw std::runtime_error("a quote within an unquoted field");
                    field += text[i];
                }
            }
            row.push_back(field);
            if (i >= text.size()) throw std::runtime_error("no newline at the end");
            if (text[i] != ',' && text[i] != '\n') throw std::runtime_error("text behind a quote");
            more = text[i] == ',';
        }
        rows.push_back(row);
    }
    return rows;
}

}  // namespace vit::test
