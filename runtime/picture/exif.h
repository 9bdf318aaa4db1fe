// The orientation in EXIF metadata (CIPA DC-008, tag 0x0112), which JPEG, PNG, WebP, TIFF and HEIF share.
#pragma once

#include <optional>

#include "picture/picture.h"

namespace vit {

// From TIFF's header ("II*\0" or "MM\0*") on; a leading "Exif\0\0" is passed over. 1 where there is none, or
// one that means nothing.
int exif_orientation(Octets exif);

// The same, but nothing where there is no such entry.
std::optional<int> find_exif_orientation(Octets exif);

// As Pillow's exif_transpose takes it: EXIF's or, if that has no entry, XMP's tiff:Orientation. Either may be
// empty.
int orientation_of(Octets exif, Octets xmp);

}  // namespace vit
