// The words of a text, by views of it. (A std::istringstream takes memory, and where there is none it ends
// early, as if the text did.)
#pragma once

#include <string_view>

namespace vit {

// Takes the first word off `rest`, up to the first of the separators or the end; those before it are
// skipped. Empty: there is no further word.
inline std::string_view take_word(std::string_view &rest, std::string_view separators) {
    const std::size_t begin = rest.find_first_not_of(separators);
    rest.remove_prefix(begin == rest.npos ? rest.size() : begin);
    const std::string_view word = rest.substr(0, rest.find_first_of(separators));
    rest.remove_prefix(word.size());
    return word;
}

}  // namespace vit
