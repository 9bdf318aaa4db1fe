# Finds Halide 21, which scripts/setup installs from PyPI into .venv: its package lies in lib64, where CMake
# does not look on Debian. -DHalide_DIR and -DHalideHelpers_DIR name another installation.
file(GLOB vit_halide "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/halide")
if (vit_halide AND NOT Halide_DIR)
    set(Halide_DIR "${vit_halide}/lib64/cmake/Halide" CACHE PATH "Halide's CMake package")
    set(HalideHelpers_DIR "${vit_halide}/lib64/cmake/HalideHelpers" CACHE PATH "Halide's CMake functions")
endif ()
find_package(Halide 21 QUIET COMPONENTS shared)
if (NOT Halide_FOUND)
    message(FATAL_ERROR
        "Halide 21 was not found: run scripts/setup, or give -DHalide_DIR and -DHalideHelpers_DIR.")
endif ()
