// The units of a stream of AV1, and what the header of a sequence says (AV1 Bitstream & Decoding Process
// Specification, 5.3 and 5.5).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "picture/picture.h"

namespace vit {

enum class Av1Unit : unsigned {
    sequence_header = 1,
    frame_header = 3,
    frame = 6,
    redundant_frame_header = 7,
};

// A sequence header, as far as it matters here.
struct Av1Sequence {
    static constexpr unsigned select = 2;  // each frame chooses

    unsigned profile = 0;
    bool still = false;  // of one frame, with a short header
    bool equal_intervals = false, has_model = false, has_frame_ids = false;
    int time_bits = 0, id_bits = 0, width_bits = 0, height_bits = 0;
    unsigned screen_content = 0, integer_motion = 0;
    std::uint64_t width = 0, height = 0;
    // Of its colours, as ITU-T H.273 numbers them.
    int primaries = 2, matrix = 2;
    bool full_range = false;
};

Av1Sequence read_av1_sequence(Octets unit);

// visit(type, unit) for each unit of a stream, whose type may be one that has no name here. One that goes
// beyond the end of the stream is as long as that.
template<typename Visit>
void for_each_av1_unit(Octets stream, Visit visit) {
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
        visit(Av1Unit(header >> 3 & 15), unit);
        stream = stream.subspan(unit.size());
    }
}

// The first header in a stream.
std::optional<Av1Sequence> first_av1_sequence(Octets stream);

}  // namespace vit
