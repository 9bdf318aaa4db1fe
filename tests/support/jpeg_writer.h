// JPEG pictures of some size, where there is libjpeg.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#ifdef VIT_TEST_JPEG
#include <jpeglib.h>
#endif

#include "tests/cases/random.h"

namespace vit::test {

#ifdef VIT_TEST_JPEG
inline constexpr bool can_write_jpeg = true;

// Gradients with noise; of 1 (grey), 3 (RGB, as YCbCr 4:2:0) or 4 components (CMYK).
inline std::string jpeg_of(int width, int height, int components, bool progressive, cases::Random &random) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char *bytes = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_width = static_cast<JDIMENSION>(width);
    info.image_height = static_cast<JDIMENSION>(height);
    info.input_components = components;
    info.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&info);
    if (progressive) jpeg_simple_progression(&info);
    jpeg_start_compress(&info, TRUE);
    std::vector<JSAMPLE> row(static_cast<std::size_t>(width) * static_cast<std::size_t>(components));
    for (int y = 0; y < height; y++) {
        for (std::size_t i = 0; i < row.size(); i++) {
            row[i] = static_cast<JSAMPLE>((static_cast<int>(i) / 7 + y + random.integer(0, 60)) & 255);
        }
        JSAMPROW rows[] = {row.data()};
        jpeg_write_scanlines(&info, rows, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    std::string jpeg(reinterpret_cast<const char *>(bytes), size);
    std::free(bytes);
    return jpeg;
}
#else
inline constexpr bool can_write_jpeg = false;

inline std::string jpeg_of(int, int, int, bool, cases::Random &) {
    return {};
}
#endif

}  // namespace vit::test
