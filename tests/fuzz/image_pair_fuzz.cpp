// Any two pictures, one after the other: the second gives what it gives alone, whatever the first has left
// behind, and the network sees the same of it whether it is decoded whole or by rows. Two bytes, the lowest
// first, are the length of the first.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/support/both_ways.h"
#include "vit/vit.h"

namespace {

bool is_same(const vit::Result<vit::Image> &a, const vit::Result<vit::Image> &b) {
    if (!a || !b) {
        return !a && !b && a.error().code == b.error().code && a.error().message == b.error().message;
    }
    const std::size_t bytes = std::size_t{3} * static_cast<std::size_t>(a->width()) *
                              static_cast<std::size_t>(a->height());
    return a->width() == b->width() && a->height() == b->height() &&
           std::equal(a->data(), a->data() + bytes, b->data());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t rest = size - 2, length = std::min<std::size_t>(data[0] | data[1] << 8, rest);
    const std::uint8_t *const first = data + 2, *const second = first + length;
    vit::ImageOptions options;
    options.max_pixels = 1 << 20;  // two pictures take their time
    static vit::test::BothWays both;
    static const auto preprocessings = vit::test::BothWays::preprocessings();
    const vit::Preprocessing &asked = preprocessings[size % preprocessings.size()];
    for (const bool truncated : {false, true}) {
        options.accept_truncated = truncated;
        const auto alone = vit::Image::decode(second, rest - length, "second", options);
        static_cast<void>(vit::Image::decode(first, length, "first", options));
        if (!is_same(alone, vit::Image::decode(second, rest - length, "second", options))) std::abort();
        if (!both.difference(second, rest - length, options, asked).empty()) std::abort();
    }
    return 0;
}
