# Finds Halide 21, which scripts/setup installs from PyPI into .venv: its package lies in lib64, where CMake
# does not look on Debian. -DHalide_DIR names another installation.
file(GLOB vit_halide "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/halide")
set(vit_halide_of_parent "${Halide_DIR}")
if (vit_halide AND NOT Halide_DIR)
    set(Halide_DIR "${vit_halide}/lib64/cmake/Halide" CACHE PATH "Halide's CMake package")
endif ()
# Its helpers lie beside it.
cmake_path(GET Halide_DIR PARENT_PATH packages)
if (Halide_DIR AND NOT HalideHelpers_DIR AND EXISTS "${packages}/HalideHelpers")
    set(HalideHelpers_DIR "${packages}/HalideHelpers" CACHE PATH "Halide's CMake functions")
endif ()
find_package(Halide 21 QUIET COMPONENTS shared)
if (NOT Halide_FOUND)
    message(FATAL_ERROR
        "vit needs Halide 21 to compile its stages, and did not find it. Either run\n"
        "    ${PROJECT_SOURCE_DIR}/scripts/setup\n"
        "which installs it there, or install it elsewhere (pip install halide==21.0.0) and give\n"
        "    -DHalide_DIR=DIR/lib64/cmake/Halide\n"
        "where DIR is the package's directory: python -c 'import halide; print(*halide.__path__)'")
endif ()
# A parent project may look for a Halide of its own.
if (NOT PROJECT_IS_TOP_LEVEL AND NOT vit_halide_of_parent)
    unset(Halide_DIR CACHE)
    unset(HalideHelpers_DIR CACHE)
endif ()
