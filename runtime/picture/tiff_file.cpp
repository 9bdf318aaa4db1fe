#include "picture/tiff_file.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "printable.h"

#if TIFFLIB_VERSION < 20221213
#error "libtiff 4.5 or later is needed: handlers of errors of a file's own. VIT_TIFF=OFF does without."
#endif

namespace vit {

Result<std::unique_ptr<TiffFile>> TiffFile::open(Octets bytes, std::int64_t max_block,
                                                 const std::string &sentence) {
    std::unique_ptr<TiffFile> file(new TiffFile(bytes));
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
    }
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, std::max<tmsize_t>(max_block, 1));
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, file.get());
    TIFFOpenOptionsSetWarningHandlerExtR(options, drop_warning, nullptr);
    // D: offsets of strips are loaded when they are asked for; c: strips stay as they are.
    file->tiff_ = TIFFClientOpenExt("", "rDc", file.get(), read, write, seek, close, size, map, unmap,
                                    options);
    TIFFOpenOptionsFree(options);
    if (!file->tiff_) {
        const std::string why = file->error();
        return fail(ErrorCode::format,
                    sentence + " that cannot be decoded" + (why.empty() ? "" : ": " + why));
    }
    return file;
}

TiffFile::~TiffFile() {
    if (tiff_) {
        TIFFClose(tiff_);
    }
}

std::string TiffFile::error() const {
    return printable(error_, 120);
}

std::uint16_t TiffFile::number(std::uint32_t tag, std::uint16_t otherwise) const {
    std::uint16_t value = otherwise;
    return TIFFGetFieldDefaulted(tiff_, tag, &value) ? value : otherwise;
}

tmsize_t TiffFile::read(thandle_t self, void *data, tmsize_t size) {
    TiffFile &file = *static_cast<TiffFile *>(self);
    const std::uint64_t rest = file.bytes_.size() - std::min<std::uint64_t>(file.at_, file.bytes_.size());
    const std::uint64_t n = std::min<std::uint64_t>(rest, std::max<tmsize_t>(size, 0));
    if (n > 0) {
        std::memcpy(data, file.bytes_.data() + file.at_, n);
    }
    file.at_ += n;
    return static_cast<tmsize_t>(n);
}

toff_t TiffFile::seek(thandle_t self, toff_t offset, int whence) {
    TiffFile &file = *static_cast<TiffFile *>(self);
    const std::uint64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.at_ : file.bytes_.size();
    return file.at_ = from + offset;  // an offset below zero wraps around, as it is meant to
}

// libtiff reads strips where they are, without copies, and does not write to what it has mapped.
int TiffFile::map(thandle_t self, void **data, toff_t *size) {
    const Octets bytes = static_cast<TiffFile *>(self)->bytes_;
    *data = const_cast<std::uint8_t *>(bytes.data());
    *size = bytes.size();
    return 1;
}

int TiffFile::keep_error(TIFF *, void *self, const char *module, const char *format, va_list values) {
    TiffFile &file = *static_cast<TiffFile *>(self);
    if (!file.error_[0]) {
        const bool named = module && module[0];
        const int n = named ? std::snprintf(file.error_, sizeof file.error_, "%s: ", module) : 0;
        if (n >= 0 && n < int(sizeof file.error_)) {
            std::vsnprintf(file.error_ + n, sizeof file.error_ - n, format, values);
        }
    }
    return 1;  // and no other handler is called
}

}  // namespace vit
