// Decodes pictures for pictures.py. A request on the standard input is two lines, options and a path.
// Options are words: upright (orientation is not applied), drop (alpha), truncated (is accepted),
// draft=WIDTHxHEIGHT. The answer is a line "width height" and height x width x 3 bytes, or a line "error"
// with the sentence. The network has to see the same of a picture whose rows are preprocessed as they are
// decoded (tests/support/both_ways.h): if it does not, that is the sentence.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "tests/support/both_ways.h"
#include "vit/vit.h"

int main() {
    vit::test::BothWays both;
    std::string words, path;
    while (std::getline(std::cin, words) && std::getline(std::cin, path)) {
        vit::ImageOptions options;
        std::istringstream stream(words);
        for (std::string word; stream >> word;) {
            if (word == "upright") options.orientation = false;
            if (word == "drop") options.alpha = vit::Alpha::drop;
            if (word == "truncated") options.accept_truncated = true;
            std::sscanf(word.c_str(), "draft=%dx%d", &options.draft_width, &options.draft_height);
        }
        std::ifstream file(path, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        std::string difference;
        for (const vit::Preprocessing &asked : vit::test::BothWays::preprocessings()) {
            if (difference.empty()) difference = both.difference(bytes.data(), bytes.size(), options, asked);
        }
        if (!difference.empty()) {
            std::printf("error %s\n", difference.c_str());
            std::fflush(stdout);
            continue;
        }
        const auto image = vit::Image::read(path, options);
        if (image) {
            std::printf("%d %d\n", image->width(), image->height());
            const std::size_t pixels = std::size_t(image->width()) * std::size_t(image->height());
            std::fwrite(image->data(), 3, pixels, stdout);
        } else {
            std::printf("error %s\n", image.error().message.c_str());
        }
        std::fflush(stdout);
    }
}
