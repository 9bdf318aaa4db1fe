#include "picture/av1_sequence.h"

#include "picture/bits.h"

namespace vit {

namespace {

// Reads the timing, and the operating points.
void read_points(Bits &bits, Av1Sequence &sequence) {
    int delay_bits = 0;
    if (bits.flag()) {  // timing
        bits.skip(32 + 32);
        sequence.equal_intervals = bits.flag();
        if (sequence.equal_intervals) bits.golomb();
        sequence.has_model = bits.flag();
        if (sequence.has_model) {
            delay_bits = int(bits.read(5)) + 1;
            bits.skip(32 + 5);
            sequence.time_bits = int(bits.read(5)) + 1;
        }
    }
    const bool has_display_delay = bits.flag();
    const unsigned points = bits.read(5) + 1;
    for (unsigned i = 0; i < points; i++) {
        bits.skip(12);
        if (bits.read(5) > 7) bits.skip(1);  // level, tier
        if (sequence.has_model && bits.flag()) bits.skip(2 * std::size_t(delay_bits) + 1);
        if (has_display_delay && bits.flag()) bits.skip(4);
    }
}

void read_tools(Bits &bits, Av1Sequence &sequence) {
    constexpr unsigned select = Av1Sequence::select;
    bits.skip(4);  // interintra, masks, warps, dual filters
    const bool has_order_hints = bits.flag();
    if (has_order_hints) bits.skip(2);
    sequence.screen_content = bits.flag() ? select : bits.read(1);
    if (sequence.screen_content > 0) sequence.integer_motion = bits.flag() ? select : bits.read(1);
    if (has_order_hints) bits.skip(3);
}

void read_colors(Bits &bits, Av1Sequence &sequence) {
    constexpr int bt709 = 1, unspecified = 2, srgb = 13, identity = 0;
    const bool is_deep = bits.flag();
    if (sequence.profile == 2 && is_deep) bits.skip(1);  // 12 bits, not 10
    const bool is_grey = sequence.profile != 1 && bits.flag();
    int transfer = unspecified;
    if (bits.flag()) {
        sequence.primaries = int(bits.read(8));
        transfer = int(bits.read(8));
        sequence.matrix = int(bits.read(8));
    }
    const bool is_srgb = sequence.primaries == bt709 && transfer == srgb && sequence.matrix == identity;
    sequence.full_range = (is_srgb && !is_grey) || bits.flag();
}

}  // namespace

Av1Sequence read_av1_sequence(Octets unit) {
    Av1Sequence sequence;
    Bits bits(unit);
    sequence.profile = bits.read(3);
    bits.skip(1);  // one picture
    sequence.still = bits.flag();
    if (sequence.still) {
        bits.skip(5);  // level
    } else {
        read_points(bits, sequence);
    }
    sequence.width_bits = int(bits.read(4)) + 1;
    sequence.height_bits = int(bits.read(4)) + 1;
    sequence.width = bits.read(sequence.width_bits) + 1;
    sequence.height = bits.read(sequence.height_bits) + 1;
    sequence.has_frame_ids = !sequence.still && bits.flag();
    if (sequence.has_frame_ids) {
        sequence.id_bits = int(bits.read(4)) + 2;
        sequence.id_bits += int(bits.read(3)) + 1;
    }
    bits.skip(3);  // superblocks, intra edges, filters
    if (!sequence.still) {
        read_tools(bits, sequence);
    }
    bits.skip(3);  // larger pictures, and two filters
    read_colors(bits, sequence);
    return sequence;
}

std::optional<Av1Sequence> first_av1_sequence(Octets stream) {
    std::optional<Av1Sequence> sequence;
    for_each_av1_unit(stream, [&](Av1Unit type, Octets unit) {
        if (type == Av1Unit::sequence_header && !sequence) sequence = read_av1_sequence(unit);
    });
    return sequence;
}

}  // namespace vit
