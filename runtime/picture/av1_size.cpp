#include "picture/av1_size.h"

#include <algorithm>

#include "picture/av1_sequence.h"
#include "picture/bits.h"

namespace vit {

namespace {

// Does the header of a frame say a size of its own?
bool has_own_size(Bits bits, const Av1Sequence &sequence) {
    constexpr unsigned key = 0, switching = 3;
    if (sequence.still || bits.flag()) {  // shown once more
        return false;
    }
    const unsigned type = bits.read(2);
    const bool shown = bits.flag();
    if (!shown) {
        bits.skip(1);
    } else if (sequence.has_model && !sequence.equal_intervals) {
        bits.skip(std::size_t(sequence.time_bits));
    }
    if (type != switching && !(type == key && shown)) bits.skip(1);  // resilience
    bits.skip(1);
    constexpr unsigned select = Av1Sequence::select;
    const bool screen_content = sequence.screen_content == select ? bits.flag() : sequence.screen_content;
    if (screen_content && sequence.integer_motion == select) bits.skip(1);
    bits.skip(std::size_t(sequence.id_bits));
    return type == switching || bits.flag();
}

std::uint64_t unit_pixels(Av1Unit type, Octets unit, Av1Sequence &sequence) {
    if (type == Av1Unit::sequence_header) {
        sequence = read_av1_sequence(unit);
        return sequence.width * sequence.height;
    }
    const bool has_header = type == Av1Unit::frame_header || type == Av1Unit::frame ||
                            type == Av1Unit::redundant_frame_header;
    if (has_header && has_own_size(Bits(unit), sequence)) {
        return (std::uint64_t{1} << (sequence.width_bits + sequence.height_bits)) / 4;
    }
    return 0;
}

}  // namespace

std::uint64_t av1_pixels(Octets stream) {
    std::uint64_t pixels = 0;
    Av1Sequence sequence;
    for_each_av1_unit(stream, [&](Av1Unit type, Octets unit) {
        pixels = std::max(pixels, unit_pixels(type, unit, sequence));
    });
    return pixels;
}

}  // namespace vit
