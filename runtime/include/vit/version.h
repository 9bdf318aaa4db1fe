// The version of the headers, for the preprocessor of C and C++; vit::version() is that of the library that
// an app runs with. Those of one major and minor number go together.
#pragma once

#define VIT_VERSION_MAJOR 0
#define VIT_VERSION_MINOR 1
#define VIT_VERSION_PATCH 0
