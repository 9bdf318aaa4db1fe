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

// The view with no stride left to be guessed. Those that are never taken, of the rows of a single row, are
// the usual ones. Errors: argument, for what cannot be read: no data, sizes, channels, strides with which
// samples lie on each other or beyond all addresses; unsupported for too many pixels.
Result<ImageView> checked_view(const ImageView &view);

}  // namespace vit
