#include "picture/pnm_header.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include "words.h"

namespace vit {

bool is_pnm_space(std::uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void PnmReader::skip() {
    while (at_ < bytes_.size() && (is_pnm_space(bytes_[at_]) || bytes_[at_] == '#')) {
        const bool comment = bytes_[at_++] == '#';
        while (comment && at_ < bytes_.size() && bytes_[at_] != '\n' && bytes_[at_] != '\r') {
            at_++;
        }
    }
}

int PnmReader::number() {
    skip();
    int value = -1;
    for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9'; at_++) {
        if (value > 99'999'999) {
            return -1;
        }
        value = 10 * std::max(value, 0) + (bytes_[at_] - '0');
    }
    return value;
}

int PnmReader::digit() {
    skip();
    if (at_ >= bytes_.size() || (bytes_[at_] != '0' && bytes_[at_] != '1')) {
        return -1;
    }
    return bytes_[at_++] - '0';
}

namespace {

// The lines of an arbitrary map's header, up to ENDHDR. What else there is, TUPLTYPE among it, says no more
// than the number of channels does.
Result<PnmHeader> read_arbitrary(Octets bytes, const std::string &sentence) {
    const auto wrong = [&] {
        return fail(ErrorCode::format,
                    sentence + " whose header does not hold WIDTH, HEIGHT, DEPTH 1 to 4, MAXVAL up to 65535 "
                               "and ENDHDR");
    };
    constexpr std::size_t longest = 4096;
    constexpr std::string_view white_space = " \t\r\v\f";
    std::string_view text(reinterpret_cast<const char *>(bytes.data()), std::min(bytes.size(), longest));
    PnmHeader header{};
    for (std::size_t at = 2; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        if (end == text.npos) {
            break;
        }
        std::string_view line = text.substr(at, end - at);
        at = end + 1;
        const std::string_view word = take_word(line, white_space);
        if (word == "ENDHDR") {
            header.size = at;
            break;
        }
        int *const field = word == "WIDTH"    ? &header.width
                           : word == "HEIGHT" ? &header.height
                           : word == "DEPTH"  ? &header.channels
                           : word == "MAXVAL" ? &header.maximum
                                              : nullptr;
        if (field) {
            const std::string_view number = take_word(line, white_space);
            if (std::from_chars(number.data(), number.data() + number.size(), *field).ec != std::errc()) {
                return wrong();
            }
        }
    }
    if (header.size == 0 || header.width < 1 || header.height < 1 || header.channels < 1 ||
        header.channels > 4 || header.maximum < 1 || header.maximum > 65535) {
        return wrong();
    }
    return header;
}

}  // namespace

Result<PnmHeader> read_pnm_header(Octets bytes, const std::string &sentence) {
    const char type = static_cast<char>(bytes[1]);
    if (type == '7') {
        return read_arbitrary(bytes, sentence);
    }
    PnmReader reader(bytes, 2);
    PnmHeader header{};
    header.plain = type <= '3';
    header.bits = type == '1' || type == '4';
    header.channels = type == '3' || type == '6' ? 3 : 1;
    header.width = reader.number();
    header.height = reader.number();
    header.maximum = header.bits ? 1 : reader.number();
    if (header.width < 1 || header.height < 1 || header.maximum < 1 || header.maximum > 65535 ||
        !reader.end()) {
        return fail(ErrorCode::format, sentence + " whose header does not hold a width, a height" +
                                           (header.bits ? "" : " and a maximum up to 65535"));
    }
    header.size = reader.position();
    return header;
}

}  // namespace vit
