#include "picture/jpeg_structure.h"

#include <algorithm>
#include <cstring>

namespace vit {

namespace {

// Second bytes of markers (T.81, table B.1).
enum Marker : std::uint8_t {
    temporary = 0x01,
    first_frame = 0xc0,
    huffman_tables = 0xc4,
    extension = 0xc8,
    arithmetic_conditioning = 0xcc,
    last_frame = 0xcf,
    first_restart = 0xd0,
    start_of_image = 0xd8,
    end_of_image = 0xd9,
    start_of_scan = 0xda,
    app_1 = 0xe1,
};

bool is_frame(std::uint8_t marker) {
    return marker >= first_frame && marker <= last_frame && marker != huffman_tables && marker != extension &&
           marker != arithmetic_conditioning;
}

bool stands_alone(std::uint8_t marker) {
    return marker == temporary || (marker >= first_restart && marker <= start_of_image);
}

// Goes from marker to marker.
struct Markers {
    Octets bytes;
    std::size_t at = 2;  // behind the start of image

    // The second byte of the next marker, which `at` is then behind; 0 where the file ends. Other bytes are
    // passed over, as libjpeg does.
    std::uint8_t next() {
        while (at < bytes.size()) {
            const void *found = std::memchr(&bytes[at], 0xff, bytes.size() - at);
            if (!found) {
                break;
            }
            at = static_cast<std::size_t>(static_cast<const std::uint8_t *>(found) - bytes.data()) + 1;
            while (at < bytes.size() && bytes[at] == 0xff) {
                at++;
            }
            if (at < bytes.size() && bytes[at++] != 0) {
                return bytes[at - 1];
            }
        }
        at = bytes.size();
        return 0;
    }

    // The next that ends a scan's data: restart markers are part of them.
    std::uint8_t after_scan() {
        std::uint8_t marker = 0;
        do {
            marker = next();
        } while (marker >= first_restart && marker < start_of_image);
        return marker;
    }

    // The contents of a segment, from behind its length on; `whole` says if the file has all of it.
    Octets segment(bool &whole) {
        whole = false;
        if (bytes.size() - at < 2) {
            at = bytes.size();
            return {};
        }
        const std::size_t length = std::size_t{bytes[at]} << 8 | bytes[at + 1];
        const std::size_t size = std::min(std::max<std::size_t>(length, 2), bytes.size() - at);
        whole = length >= 2 && size == length;
        const Octets contents = bytes.subspan(at + 2, size - 2);
        at += size;
        return contents;
    }
};

std::int64_t divided_up(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
}

Result<void> read_frame(std::uint8_t marker, Octets frame, JpegStructure &jpeg, const std::string &sentence) {
    const auto wrong = [&](const std::string &what) {
        return fail(ErrorCode::format, sentence + " that is corrupted: " + what);
    };
    const auto unsupported = [&](const std::string &what) {
        return fail(ErrorCode::unsupported, sentence + what);
    };
    if (frame.size() < 6 || frame.size() != 6 + std::size_t{3} * frame[5]) {
        return wrong("its frame header has a wrong length");
    }
    const int of_process = marker & 3;  // baseline, extended, progressive, lossless
    if (of_process == 3) {
        return unsupported(" that is coded without loss");
    }
    if ((marker & 7) > 3) {
        return unsupported(" that is coded hierarchically");
    }
    if (frame[0] != 8) {
        return unsupported(" of " + std::to_string(frame[0]) + " bits a sample, not 8");
    }
    jpeg.height = frame[1] << 8 | frame[2];
    jpeg.width = frame[3] << 8 | frame[4];
    if (jpeg.width == 0 || jpeg.height == 0) {
        return wrong("a size of " + std::to_string(jpeg.width) + " x " + std::to_string(jpeg.height));
    }
    if (frame[5] != 1 && frame[5] != 3 && frame[5] != 4) {
        return unsupported(" of " + std::to_string(frame[5]) + " channels, not 1, 3 or 4");
    }
    jpeg.progressive = of_process == 2;
    jpeg.arithmetic = marker > extension;
    int most_horizontal = 1, most_vertical = 1;
    for (Octets at = frame.subspan(6); !at.empty(); at = at.subspan(3)) {
        const int horizontal = at[1] >> 4, vertical = at[1] & 15;
        if (horizontal < 1 || horizontal > 4 || vertical < 1 || vertical > 4) {
            return wrong("sampling factors of " + std::to_string(horizontal) + " x " +
                         std::to_string(vertical));
        }
        most_horizontal = std::max(most_horizontal, horizontal);
        most_vertical = std::max(most_vertical, vertical);
        jpeg.components.push_back({at[0], horizontal, vertical, 0});
    }
    const std::int64_t mcus = divided_up(jpeg.width, std::int64_t{8} * most_horizontal) *
                              divided_up(jpeg.height, std::int64_t{8} * most_vertical);
    for (JpegComponent &component : jpeg.components) {
        component.blocks = mcus * component.horizontal * component.vertical;
    }
    return {};
}

// What a block of a scan costs that has no data, in JpegStructure::work's units. Refining visits every
// coefficient, and an arithmetic decoder finds decisions in no data, too.
std::int64_t work_of_block(const JpegStructure &jpeg, int first, int last, int precision_before) {
    const bool refines = jpeg.progressive && precision_before > 0 && first > 0;
    const int band = std::clamp(last - first, 0, 63);
    return 1 + (jpeg.arithmetic ? band : refines ? band / 4 : 0);
}

}  // namespace

std::int64_t JpegStructure::blocks() const {
    std::int64_t sum = 0;
    for (const JpegComponent &component : components) {
        sum += component.blocks;
    }
    return sum;
}

Result<JpegStructure> jpeg_frame(Octets bytes, const std::string &sentence) {
    JpegStructure jpeg;
    Markers markers{bytes};
    for (;;) {
        const std::uint8_t marker = markers.next();
        if (stands_alone(marker)) {
            continue;
        }
        bool whole = false;
        const std::size_t size = marker == end_of_image ? 0 : markers.at;
        const Octets segment = size ? markers.segment(whole) : Octets{};
        if (marker == end_of_image) {
            return fail(ErrorCode::format, sentence + " that is corrupted: it has no pixels");
        }
        if (!whole) {
            return fail(ErrorCode::format, sentence + (markers.at == bytes.size()
                                                           ? " that ends before its first pixel"
                                                           : " that is corrupted: a segment has no length"));
        }
        if (marker == start_of_scan) {
            if (jpeg.components.empty()) {
                return fail(ErrorCode::format, sentence + " that is corrupted: it has no frame header");
            }
            return jpeg;
        }
        if (is_frame(marker)) {
            if (!jpeg.components.empty()) {
                return fail(ErrorCode::format, sentence + " that is corrupted: it has two frame headers");
            }
            VIT_TRY(read_frame(marker, segment, jpeg, sentence));
        }
        constexpr std::string_view exif("Exif\0\0", 6), xmp("http://ns.adobe.com/xap/1.0/\0", 29);
        if (marker == app_1 && begins_with(segment, exif)) {
            // Too long for one segment, it goes on in the next.
            const Octets more = jpeg.exif.empty() ? segment : segment.subspan(exif.size());
            jpeg.exif.insert(jpeg.exif.end(), more.begin(), more.end());
        } else if (marker == app_1 && begins_with(segment, xmp)) {
            jpeg.xmp.assign(segment.begin() + xmp.size(), segment.end());
        }
    }
}

void scan_jpeg(Octets bytes, JpegStructure &jpeg) {
    std::vector<bool> seen(jpeg.components.size());
    Markers markers{bytes};
    jpeg.end = bytes.size();
    for (std::uint8_t marker = markers.next(); marker != end_of_image && marker != 0;) {
        if (stands_alone(marker)) {
            marker = markers.next();
            continue;
        }
        bool whole = false;
        const std::size_t start = markers.at - 2;
        const Octets segment = markers.segment(whole);
        if (!whole || marker < first_frame) {
            jpeg.end = start;
            break;
        }
        if (marker != start_of_scan) {
            marker = markers.next();
            continue;
        }
        jpeg.scans++;
        const std::size_t count = segment.empty() ? 0 : segment[0];
        if (segment.size() == 4 + 2 * count) {
            const Octets spectrum = segment.last(3);
            const std::int64_t work = work_of_block(jpeg, spectrum[0], spectrum[1], spectrum[2] >> 4);
            for (std::size_t i = 0; i < count; i++) {
                for (std::size_t c = 0; c < seen.size(); c++) {
                    if (jpeg.components[c].id == segment[1 + 2 * i]) {
                        seen[c] = true;
                        jpeg.work += work * jpeg.components[c].blocks;
                    }
                }
            }
            if (jpeg.scans == 1) {
                jpeg.whole_in_first = count == jpeg.components.size() && !jpeg.progressive;
            }
        }
        marker = markers.after_scan();
    }
    jpeg.every_component = std::find(seen.begin(), seen.end(), false) == seen.end();
}

}  // namespace vit
