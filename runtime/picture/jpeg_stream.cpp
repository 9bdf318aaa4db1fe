#include "picture/jpeg_stream.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "picture/exif.h"
#include "picture/jpeg_tables.h"
#include "picture/small_formats.h"

namespace vit {

namespace {

// Second bytes of markers (ITU T.81, table B.1).
constexpr std::uint8_t temporary = 0x01, first_frame = 0xc0, progressive_frame = 0xc2, huffman_tables = 0xc4,
                       extensions = 0xc8, arithmetic_tables = 0xcc, last_frame = 0xcf, first_restart = 0xd0,
                       last_restart = 0xd7, start_of_image = 0xd8, end_of_image = 0xd9, start_of_scan = 0xda,
                       quantization_tables = 0xdb, app1 = 0xe1, app14 = 0xee;

// Each takes as long as a picture, and as little as 14 bytes; encoders make about ten.
constexpr std::size_t most_scans = 100;

bool is_restart(std::uint8_t marker) {
    return marker >= first_restart && marker <= last_restart;
}

bool is_frame(std::uint8_t marker) {
    return marker >= first_frame && marker <= last_frame && marker != huffman_tables &&
           marker != arithmetic_tables && marker != extensions;
}

// The tables of a segment's content: a byte for the class, 16 with the number of codes of each length, the
// codes.
bool tables_are_sound(Octets content) {
    constexpr std::size_t header = 17, most_codes = 256;
    while (!content.empty()) {
        if (content.size() < header) {
            return false;
        }
        const std::size_t codes = std::accumulate(&content[1], &content[header], std::size_t{0});
        if (codes > most_codes || content.size() < header + codes) {
            return false;
        }
        content = content.subspan(header + codes);
    }
    return true;
}

// Which tables there are. stb_image 2.27 takes one that is not there for one of zeros.
class Tables {
public:
    void add_huffman(Octets content) {
        while (content.size() >= 17) {
            huffman_[content[0] >> 4 & 1] |= 1u << (content[0] & 15);
            const std::size_t codes = std::accumulate(&content[1], &content[17], std::size_t{0});
            content = content.subspan(std::min(content.size(), 17 + codes));
        }
    }
    void add_quantization(Octets content) {
        while (!content.empty()) {
            quantization_ |= 1u << (content[0] & 15);
            content = content.subspan(std::min<std::size_t>(content.size(), content[0] >> 4 ? 129 : 65));
        }
    }
    // For a scan of a frame, both by the contents of their segments.
    bool has_all(Octets scan, Octets frame, bool progressive) const {
        const std::size_t n = scan.empty() ? 0 : scan[0];
        if (scan.size() < 4 + 2 * n) {
            return false;
        }
        const std::uint8_t first_coefficient = scan[1 + 2 * n], refined = scan[3 + 2 * n] >> 4;
        for (std::size_t i = 0; i < n; i++) {
            const std::uint8_t name = scan[1 + 2 * i], tables = scan[2 + 2 * i];
            for (std::size_t at = 6; at + 3 <= frame.size(); at += 3) {
                if (frame[at] == name && !(quantization_ >> (frame[at + 2] & 15) & 1)) {
                    return false;
                }
            }
            const bool needs_dc = first_coefficient == 0 && !(progressive && refined);
            const bool needs_ac = !progressive || first_coefficient > 0;
            if ((needs_dc && !(huffman_[0] >> (tables >> 4) & 1)) ||
                (needs_ac && !(huffman_[1] >> (tables & 15) & 1))) {
                return false;
            }
        }
        return true;
    }

private:
    std::uint32_t huffman_[2] = {3, 3};  // the standard's are there: DC, AC
    std::uint32_t quantization_ = 0;
};

// One segment after the other.
class Segments {
public:
    explicit Segments(Octets bytes) : bytes_(bytes) {}

    std::uint8_t marker = 0;
    Octets segment;  // from its 0xff on
    Octets content;  // behind its length

    // False where the file ends, or the image.
    bool next() {
        for (; at_ + 1 < bytes_.size(); at_++) {
            marker = bytes_[at_ + 1];
            const bool alone = is_restart(marker) || marker == start_of_image || marker == temporary;
            if (bytes_[at_] != 0xff || marker == 0xff || marker == 0 || alone) {
                continue;
            }
            if (marker == end_of_image) {
                ended = true;
                return false;
            }
            if (at_ + 4 > bytes_.size()) {
                return false;
            }
            const std::size_t length = bytes_[at_ + 2] << 8 | bytes_[at_ + 3];
            if (length < 2 || length > bytes_.size() - at_ - 2) {
                return false;
            }
            segment = bytes_.subspan(at_, 2 + length);
            content = segment.subspan(4);
            at_ += 2 + length;
            return true;
        }
        return false;
    }

    // The codes behind the header of a scan, up to the next marker or the file's end, without restart
    // markers at their end, which stand for nothing.
    Octets codes(std::int64_t &restarts) {
        const std::size_t begin = at_;
        std::size_t end = begin;
        restarts = 0;
        std::int64_t trailing = 0;
        while (at_ < bytes_.size()) {
            const std::uint8_t next = at_ + 1 < bytes_.size() ? bytes_[at_ + 1] : 0xff;
            if (bytes_[at_] != 0xff || next == 0) {
                at_ += bytes_[at_] == 0xff ? 2 : 1;
                end = at_;
                restarts += std::exchange(trailing, 0);
            } else if (is_restart(next)) {
                at_ += 2;
                trailing++;
            } else if (next == 0xff) {
                at_++;
            } else {
                break;
            }
        }
        // Where there is no end of the image, zeros are more often what was never written than codes.
        while (at_ >= bytes_.size() && end > begin && bytes_[end - 1] == 0) {
            end--;
        }
        return bytes_.subspan(begin, end - begin);
    }

    bool ended = false;

private:
    Octets bytes_;
    std::size_t at_ = 2;
};

bool read_frame(const Segments &segments, JpegHeader &header) {
    if (segments.content.size() < 6) {
        return false;
    }
    header.height = segments.content[1] << 8 | segments.content[2];
    header.width = segments.content[3] << 8 | segments.content[4];
    header.components = segments.content[5];
    header.progressive = segments.marker == progressive_frame;
    return header.width > 0 && header.height > 0 &&
           (header.components == 1 || header.components == 3 || header.components == 4);
}

tl::unexpected<Error> no_frame(const std::string &sentence) {
    return fail(ErrorCode::format, sentence + " whose header does not hold a size and 1, 3 or 4 components");
}

}  // namespace

Result<JpegHeader> read_jpeg_header(Octets bytes, const std::string &sentence) {
    JpegHeader header;
    bool has_exif = false;
    for (Segments segments(bytes); segments.next() && segments.marker != start_of_scan;) {
        const Octets content = segments.content;
        if (segments.marker == app1 && begins_with(content, std::string_view("Exif\0\0", 6)) && !has_exif) {
            has_exif = true;
            header.orientation = exif_orientation(content);
        }
        if (is_frame(segments.marker) && header.width == 0 && !read_frame(segments, header)) {
            return no_frame(sentence);
        }
    }
    if (header.width == 0) {
        return no_frame(sentence);
    }
    return header;
}

Result<JpegStream> read_jpeg_stream(Octets bytes, const std::string &sentence) {
    JpegStream stream;
    std::vector<std::uint8_t> &to = stream.bytes;
    const auto append = [&](Octets octets) { to.insert(to.end(), octets.begin(), octets.end()); };
    to.reserve(bytes.size() + 1024);
    append(bytes.first(2));
    append(standard_huffman_tables());
    JpegHeader header;
    bool has_adobe = false;
    std::vector<std::uint8_t> scanned;  // components, by their names
    Octets frame;
    Tables tables;
    Segments segments(bytes);
    while (!stream.complete && segments.next()) {
        if (segments.marker == huffman_tables && !tables_are_sound(segments.content)) {
            return corrupted(sentence, "a Huffman table has too many codes");
        }
        if (segments.marker == huffman_tables) {
            tables.add_huffman(segments.content);
        }
        if (segments.marker == quantization_tables) {
            tables.add_quantization(segments.content);
        }
        has_adobe = has_adobe || (segments.marker == app14 && segments.content.size() >= 12 &&
                                  begins_with(segments.content, "Adobe"));
        if (is_frame(segments.marker)) {
            if (header.width != 0) {
                return corrupted(sentence, "there are two frames");
            }
            if (!read_frame(segments, header)) {
                return no_frame(sentence);
            }
            frame = segments.content;
            constexpr std::uint8_t cmyk[] = {0xff, app14, 0, 14, 'A', 'd', 'o', 'b',
                                             'e',  0,     100, 0, 0, 0, 0, 0};
            if (header.components == 4 && !has_adobe) {
                append(cmyk);
            }
        }
        append(segments.segment);
        if (segments.marker == start_of_scan) {
            if (!tables.has_all(segments.content, frame, header.progressive)) {
                return corrupted(sentence, "a table is missing");
            }
            if (stream.scans.size() == most_scans) {
                return fail(ErrorCode::unsupported,
                            sentence + " of more than " + std::to_string(most_scans) + " scans");
            }
            JpegScan scan{};
            append(segments.codes(scan.restarts));
            scan.end = to.size();
            stream.scans.push_back(scan);
            to.resize(to.size() + jpeg_padding);
            const std::size_t n = segments.content.empty() ? 0 : segments.content[0];
            for (std::size_t i = 1; i <= n && 2 * i < segments.content.size(); i++) {
                const std::uint8_t name = segments.content[2 * i - 1];
                if (std::ranges::find(scanned, name) == scanned.end()) {
                    scanned.push_back(name);
                }
            }
            // What is behind the last scan of a sequential picture is not looked at.
            stream.complete = !header.progressive && static_cast<int>(scanned.size()) >= header.components;
        }
    }
    stream.complete = static_cast<int>(scanned.size()) >= header.components &&
                      (segments.ended || !header.progressive);
    constexpr std::uint8_t end[] = {0xff, end_of_image};
    append(end);
    return stream;
}

}  // namespace vit
