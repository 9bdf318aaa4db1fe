// Where a PNG file may say which side is up.
#include <array>
#include <string>

#include <zlib.h>

#include "picture/exif.h"
#include "picture/png_chunks.h"

namespace vit {

namespace {

constexpr std::size_t largest_text = std::size_t{1} << 20;  // Pillow's MAX_TEXT_CHUNK

// Empty if it is no zlib stream, or one of more than largest_text bytes.
std::string inflated(Octets compressed) {
    std::string text;
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) {
        return {};
    }
    stream.next_in = const_cast<Bytef *>(compressed.data());
    stream.avail_in = static_cast<uInt>(compressed.size());  // a file has at most 1 GiB
    std::array<Bytef, 4096> block;
    int status = Z_OK;
    while (status == Z_OK && text.size() <= largest_text) {
        stream.next_out = block.data();
        stream.avail_out = block.size();
        status = inflate(&stream, Z_NO_FLUSH);
        text.append(reinterpret_cast<const char *>(block.data()), block.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    return status == Z_STREAM_END && text.size() <= largest_text ? text : std::string();
}

// Cuts off what stands before the first NUL, and that; empty where there is none.
std::string_view take_string(Octets &data) {
    for (std::size_t i = 0; i < data.size(); i++) {
        if (data[i] == 0) {
            const std::string_view taken(reinterpret_cast<const char *>(data.data()), i);
            data = data.subspan(i + 1);
            return taken;
        }
    }
    data = {};
    return {};
}

std::string_view keyword(const PngChunk &chunk) {
    Octets data = chunk.data.first(std::min<std::size_t>(chunk.data.size(), 80));
    return take_string(data);
}

// The text of a tEXt, zTXt or iTXt chunk.
std::string text_of(const PngChunk &chunk) {
    Octets data = chunk.data;
    take_string(data);
    bool compressed = false;
    if (chunk.type != "tEXt") {
        const std::size_t flags = chunk.type == "iTXt" ? 2 : 1;  // is compressed, and how
        if (data.size() < flags || data[flags - 1] != 0) {
            return {};
        }
        compressed = flags == 1 || data[0] != 0;
        data = data.subspan(flags);
        if (chunk.type == "iTXt") {
            take_string(data);  // language
            take_string(data);  // the keyword in it
        }
    }
    if (compressed) {
        return inflated(data);
    }
    return {reinterpret_cast<const char *>(data.data()), std::min(data.size(), largest_text)};
}

int hex_digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "\nexif\n    1234\n" and hexadecimal digits in lines.
std::string from_raw_profile(const std::string &text) {
    std::size_t at = 0;
    for (int line = 0; line < 3; line++) {
        at = text.find('\n', at);
        if (at == text.npos) {
            return {};
        }
        at++;
    }
    std::string bytes;
    int high = -1;
    for (; at < text.size(); at++) {
        const int digit = hex_digit(text[at]);
        if (digit < 0) {
            continue;
        }
        if (high < 0) {
            high = digit;
        } else {
            bytes += static_cast<char>(high << 4 | digit);
            high = -1;
        }
    }
    return bytes;
}

Octets octets(const std::string &text) {
    return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
}

}  // namespace

int png_orientation(Octets file) {
    // The last of each; a text is only inflated when it is known which one that is.
    std::optional<PngChunk> exif, raw_profile, xmp;
    for (PngChunks chunks(file); const auto chunk = chunks.next();) {
        if (chunk->type == "eXIf") {
            exif = chunk;
        } else if (chunk->type == "tEXt" || chunk->type == "zTXt" || chunk->type == "iTXt") {
            const std::string_view key = keyword(*chunk);
            if (key == "Raw profile type exif") raw_profile = chunk;
            if (key == "XML:com.adobe.xmp") xmp = chunk;
        }
    }
    const auto is_sound = [](const auto &chunk) { return chunk && chunk->checksum_right(); };
    const std::string packet = is_sound(xmp) ? text_of(*xmp) : std::string();
    if (is_sound(exif)) {
        return orientation_of(exif->data, octets(packet));
    }
    const std::string profile =
        is_sound(raw_profile) ? from_raw_profile(text_of(*raw_profile)) : std::string();
    return orientation_of(octets(profile), octets(packet));
}

}  // namespace vit
