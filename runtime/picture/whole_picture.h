// Decoded rows as one picture in memory.
#pragma once

#include "picture/picture.h"

namespace vit {

class WholePicture : public RowSink {
public:
    Result<std::int64_t> begin(int width, int height, int channels, bool at_once) override;
    Room room() override;
    Result<void> take(int count) override;
    Result<void> take_all(Samples samples) override;

    // What was taken, as upright RGB; data is null if there is no memory.
    Samples rgb() &&;

private:
    Samples samples_;
    int rows_taken_ = 0;
};

}  // namespace vit
