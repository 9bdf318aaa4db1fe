#include "checkpoint/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace vit {

std::uint64_t checksum(const void *bytes, std::size_t size) { return XXH3_64bits(bytes, size); }

}  // namespace vit
