// A TIFF file in memory, opened by libtiff.
#pragma once

#include <tiffio.h>

#include <cstdint>
#include <memory>
#include <string>

#include "picture/picture.h"

namespace vit {

// The first picture of a file. What libtiff has to say is kept, not printed.
class TiffFile {
public:
    // libtiff may allocate blocks of at most max_block bytes. Errors: format, memory.
    static Result<std::unique_ptr<TiffFile>> open(Octets bytes, std::int64_t max_block,
                                                  const std::string &sentence);
    ~TiffFile();
    TiffFile(const TiffFile &) = delete;
    TiffFile &operator=(const TiffFile &) = delete;

    TIFF *handle() const { return tiff_; }
    Octets bytes() const { return bytes_; }
    // The first error since the file was opened, fit for a sentence; empty: none.
    std::string error() const;
    // A field, or its default.
    std::uint16_t number(std::uint32_t tag, std::uint16_t otherwise) const;

private:
    explicit TiffFile(Octets bytes) : bytes_(bytes) {}

    static tmsize_t read(thandle_t self, void *data, tmsize_t size);
    static tmsize_t write(thandle_t, void *, tmsize_t) { return 0; }
    static toff_t seek(thandle_t self, toff_t offset, int whence);
    static int close(thandle_t) { return 0; }
    static toff_t size(thandle_t self) { return static_cast<TiffFile *>(self)->bytes_.size(); }
    static int map(thandle_t self, void **data, toff_t *size);
    static void unmap(thandle_t, void *, toff_t) {}
    static int keep_error(TIFF *, void *self, const char *module, const char *format, va_list values);
    static int drop_warning(TIFF *, void *, const char *, const char *, va_list) { return 1; }

    Octets bytes_;
    std::uint64_t at_ = 0;
    char error_[200] = "";
    TIFF *tiff_ = nullptr;
};

}  // namespace vit
