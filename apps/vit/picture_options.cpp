#include "picture_options.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace command {

namespace {

// "1500", "64K", "2G", "2GB", "2GiB": K, M, G and T are powers of 1024, as everywhere where memory is meant.
std::optional<std::int64_t> bytes_of(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 1) return {};
    std::string unit(end, text.data() + text.size());
    for (char &c : unit) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    for (const char *rest : {"IB", "B"}) {
        if (unit.ends_with(rest)) {
            unit.resize(unit.size() - std::string_view(rest).size());
            break;
        }
    }
    constexpr std::string_view units = "KMGT";
    if (unit.empty()) return number;
    const std::size_t power = units.find(unit);
    if (unit.size() != 1 || power == std::string_view::npos) return {};
    const std::int64_t factor = std::int64_t{1} << (10 * (power + 1));
    if (number > std::numeric_limits<std::int64_t>::max() / factor) return {};
    return number * factor;
}

}  // namespace

void add_picture_options(CLI::App &app, PictureChoices &choices) {
    vit::ImageOptions &image = choices.image;
    app.add_flag_callback(
        "--no-orientation", [&image] { image.orientation = false; },
        "Leave pictures as they lie in the file, whatever side is up");
    app.add_option_function<std::string>(
           "--alpha",
           [&image](const std::string &name) {
               image.alpha = name == "drop" ? vit::Alpha::drop : vit::Alpha::over_white;
           },
           "Lay transparent pixels over white, or take the colours they hide [white]")
        ->check(CLI::Validator(
            [](std::string &name) {
                return name == "white" || name == "drop" ? std::string()
                                                         : "'" + name + "' is none of white, drop";
            },
            ""))
        ->type_name("white|drop");
    app.add_flag("--accept-truncated", image.accept_truncated,
                 "Of a file that ends early, take what there is");
    app.add_option_function<std::int64_t>(
           "--max-pixels", [&image](std::int64_t pixels) { image.max_pixels = pixels; },
           "Refuse pictures that are larger [" + std::to_string(image.max_pixels) + "]")
        ->check(CLI::Validator(
            [](std::string &text) {
                std::int64_t number = 0;
                const char *end = text.data() + text.size();
                const auto parsed = std::from_chars(text.data(), end, number);
                const bool whole = parsed.ec == std::errc() && parsed.ptr == end;
                if (whole && number >= 1 && number <= vit::Image::max_pixels) return std::string();
                return "'" + text + "' is no number from 1 to " + std::to_string(vit::Image::max_pixels);
            },
            ""))
        ->type_name("N");
    app.add_option_function<std::string>(
           "--max-memory", [&image](const std::string &text) { image.max_memory = *bytes_of(text); },
           "Refuse pictures that take more bytes to decode, as 500M or 2G [4G]")
        ->check(CLI::Validator(
            [](std::string &text) {
                return bytes_of(text) ? std::string() : "'" + text + "' is no number of bytes as 500M or 2G";
            },
            ""))
        ->type_name("BYTES");
    app.add_flag("--draft", choices.draft,
                 "Decode JPEG no larger than the model needs: faster, not quite the same");
}

vit::ImageOptions image_options(const PictureChoices &choices, const vit::Model &model) {
    return choices.draft ? model.draft(choices.image) : choices.image;
}

}  // namespace command
