// The orientation in EXIF metadata (CIPA DC-008, tag 0x0112), which JPEG, PNG, WebP, TIFF and HEIF share.
#pragma once

#include "picture/picture.h"

namespace vit {

// From TIFF's header ("II*\0" or "MM\0*") on; a leading "Exif\0\0" is passed over. 1 where there is none, or
// one that means nothing.
int exif_orientation(Octets exif);

// The same, or, where the EXIF block has no orientation at all, that of XMP metadata (ISO 16684-1): the
// first digit behind tiff:Orientation, as Pillow reads it. Either may be empty.
int orientation_of(Octets exif, Octets xmp);

}  // namespace vit
