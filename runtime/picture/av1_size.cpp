#include "picture/av1_size.h"

#include <algorithm>

#include "picture/bits.h"

namespace vit {

namespace {

constexpr unsigned select = 2;  // each frame chooses

// What a sequence header says as far as it matters here.
struct Sequence {
    bool still = false;  // of one frame, with a short header
    bool equal_intervals = false, has_model = false, has_frame_ids = false;
    int time_bits = 0, id_bits = 0, width_bits = 0, height_bits = 0;
    unsigned screen_content = 0, integer_motion = 0;
    std::uint64_t width = 0, height = 0;
};

// Reads the timing, and the operating points.
void read_points(Bits &bits, Sequence &sequence) {
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

void read_tools(Bits &bits, Sequence &sequence) {
    bits.skip(2 + 4);               // intra edges, filters; interintra, masks, warps, dual filters
    if (bits.flag()) bits.skip(2);  // order hints
    sequence.screen_content = bits.flag() ? select : bits.read(1);
    if (sequence.screen_content > 0) sequence.integer_motion = bits.flag() ? select : bits.read(1);
}

Sequence read_sequence(Bits bits) {
    Sequence sequence;
    bits.skip(3 + 1);  // profile, one picture
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
    if (sequence.still) {
        return sequence;
    }
    sequence.has_frame_ids = bits.flag();
    if (sequence.has_frame_ids) {
        sequence.id_bits = int(bits.read(4)) + 2;
        sequence.id_bits += int(bits.read(3)) + 1;
    }
    bits.skip(1);  // superblocks
    read_tools(bits, sequence);
    return sequence;
}

// Does the header of a frame say a size of its own?
bool has_own_size(Bits bits, const Sequence &sequence) {
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
    const bool screen_content = sequence.screen_content == select ? bits.flag() : sequence.screen_content;
    if (screen_content && sequence.integer_motion == select) bits.skip(1);
    bits.skip(std::size_t(sequence.id_bits));
    return type == switching || bits.flag();
}

std::uint64_t unit_pixels(unsigned type, Octets unit, Sequence &sequence) {
    constexpr unsigned sequence_header = 1, frame_header = 3, frame = 6, redundant_frame_header = 7;
    if (type == sequence_header) {
        sequence = read_sequence(Bits(unit));
        return sequence.width * sequence.height;
    }
    const bool has_header = type == frame_header || type == frame || type == redundant_frame_header;
    if (has_header && has_own_size(Bits(unit), sequence)) {
        return (std::uint64_t{1} << (sequence.width_bits + sequence.height_bits)) / 4;
    }
    return 0;
}

}  // namespace

std::uint64_t av1_pixels(Octets stream) {
    std::uint64_t pixels = 0;
    Sequence sequence;
    while (!stream.empty()) {
        const unsigned header = stream[0];
        const std::size_t header_size = header & 4 ? 2 : 1;
        if (header_size > stream.size()) {
            break;
        }
        stream = stream.subspan(header_size);
        std::uint64_t size = stream.size();  // to the end
        if (header & 2) {
            std::size_t bytes = 0;
            bool more = true;
            for (size = 0; more && bytes < 8 && bytes < stream.size(); bytes++) {
                size |= std::uint64_t(stream[bytes] & 0x7f) << 7 * bytes;
                more = stream[bytes] & 0x80;
            }
            stream = stream.subspan(bytes);
        }
        const Octets unit = stream.first(std::size_t(std::min<std::uint64_t>(size, stream.size())));
        pixels = std::max(pixels, unit_pixels(header >> 3 & 15, unit, sequence));
        stream = stream.subspan(unit.size());
    }
    return pixels;
}

}  // namespace vit
