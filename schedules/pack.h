// When and where weights are packed.
#pragma once

#include "generators/pack.h"

namespace vit {

void schedule(PackPanels &stage);
void schedule(PackTiles &stage);

}  // namespace vit
