#include "picture/other_formats.h"

#include <algorithm>

namespace vit {

namespace {

using std::string_view_literals::operator""sv;

struct Signature {
    std::size_t at;
    std::string_view bytes;
    const char *what;
};

constexpr Signature signatures[] = {
    {0, "II*\0"sv, "a TIFF picture"},
    {0, "MM\0*"sv, "a TIFF picture"},
    {0, "II+\0"sv, "a BigTIFF picture"},
    {0, "MM\0+"sv, "a BigTIFF picture"},
    {8, "WEBP", "a WebP picture"},  // behind "RIFF"
    {0, "\xff\x0a", "a JPEG XL picture"},
    {0, "\0\0\0\x0cJXL \r\n\x87\n"sv, "a JPEG XL picture"},
    {0, "\0\0\0\x0cjP  \r\n\x87\n"sv, "a JPEG 2000 picture"},
    {0, "\xff\x4f\xff\x51", "a JPEG 2000 picture"},
    {0, "8BPS", "a Photoshop document (PSD)"},
    {0, "gimp xcf", "a GIMP document (XCF)"},
    {0, "\0\0\1\0"sv, "an icon (ICO)"},
    {0, "#?RADIANCE", "a Radiance HDR picture"},
    {0, "v/1\1", "an OpenEXR picture"},
    {0, "qoif", "a QOI picture"},
    {0, "%!PS", "a PostScript document"},
    {0, "%PDF-", "a PDF document"},
    {0, "\x1f\x8b", "a gzip archive"},
    {0, "PK\3\4", "a ZIP archive"},
    {0, "PK\5\6", "an empty ZIP archive"},
    {0, "Rar!\x1a\7", "a RAR archive"},
    {0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
    {0, "BZh", "a bzip2 archive"},
    {0, "\xfd" "7zXZ\0"sv, "an xz archive"},
    {0, "\x28\xb5\x2f\xfd", "a Zstandard archive"},
    {257, "ustar", "a tar archive"},
    {0, "\x1a\x45\xdf\xa3", "a Matroska or WebM video"},
    {8, "AVI ", "an AVI video"},
    {0, "\x93NUMPY", "a NumPy array"},
    {0, "\x89HDF\r\n\x1a\n", "an HDF5 file"},
    {0, "\x7f" "ELF", "a program"},
};

// The first box of ISO/IEC 14496-12's files names their kind, and other kinds that they are as well.
std::string iso_media(Octets bytes) {
    if (bytes.size() < 12 || !begins_with(bytes.subspan(4), "ftyp")) {
        return "";
    }
    const std::size_t size = std::min<std::size_t>(bytes.size(), bytes[2] * std::size_t{256} + bytes[3]);
    for (std::size_t at = 8; at + 4 <= size; at += at == 8 ? 8 : 4) {
        const Octets brand = bytes.subspan(at);
        if (begins_with(brand, "avif") || begins_with(brand, "avis")) {
            return "an AVIF picture";
        }
        for (const char *heif : {"heic", "heix", "heim", "heis", "hevc", "hevx"}) {
            if (begins_with(brand, heif)) return "a HEIC picture";
        }
        if (begins_with(brand, "crx ")) {
            return "a raw photograph (CR3)";
        }
    }
    for (const char *heif : {"mif1", "msf1"}) {
        if (begins_with(bytes.subspan(8), heif)) return "a HEIF picture";
    }
    return begins_with(bytes.subspan(8), "qt  ") ? "a QuickTime video" : "an MP4 video";
}

std::string lower(Octets bytes) {
    std::string text(bytes.begin(), bytes.end());
    for (char &c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

std::string text_format(Octets bytes) {
    if (begins_with(bytes, "version https://git-lfs")) {
        return "a Git LFS pointer (the picture itself is fetched by \"git lfs pull\")";
    }
    std::string text = lower(bytes.first(std::min<std::size_t>(bytes.size(), 1024)));
    if (text.starts_with("\xef\xbb\xbf")) {
        text.erase(0, 3);
    }
    text.erase(0, text.find_first_not_of(" \t\r\n"));
    if (!text.starts_with("<")) {
        return "";
    }
    // Either may stand behind comments and declarations.
    const std::size_t svg = text.find("<svg"), html = std::min(text.find("<html"), text.find("<!doctype html"));
    if (svg < html) {
        return "an SVG drawing";
    }
    if (html != text.npos || text.starts_with("<head") || text.starts_with("<body")) {
        return "an HTML page";
    }
    return text.starts_with("<?xml") ? "an XML document" : "";
}

}  // namespace

std::string other_format(Octets bytes) {
    std::string what = iso_media(bytes);
    for (const Signature &signature : signatures) {
        if (what.empty() && bytes.size() >= signature.at && begins_with(bytes.subspan(signature.at), signature.bytes) &&
            (signature.at != 8 || begins_with(bytes, "RIFF"))) {
            what = signature.what;
        }
    }
    if (what.ends_with(" picture")) {
        what += ", which this build does not decode";
    }
    return what.empty() ? text_format(bytes) : what;
}

}  // namespace vit
