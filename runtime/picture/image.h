// Pictures and views of them: what Image and the preprocessing share.
#pragma once

#include <cstddef>
#include <string>

#include "error.h"
#include "picture/picture.h"

namespace vit {

// Image::read and Image::decode, the rows to a sink. Errors as there, and the sink's.
Result<void> read_picture(const std::string &path, const ImageOptions &options, RowSink &sink);
Result<void> decode_picture(const void *data, std::size_t size, const std::string &name,
                            const ImageOptions &options, RowSink &sink);

// Whether a view can be read: data, sizes, channels and stride. Errors: argument, and unsupported for too
// many pixels.
Result<void> check_view(const ImageView &view);

// Bytes from one row of a view to the next; negative for a picture that lies bottom up.
std::ptrdiff_t row_stride(const ImageView &view);

}  // namespace vit
