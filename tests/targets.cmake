# What the build makes of targets, for tests/targets_test.cpp: the names in TARGETS, a line each.
#     name|Halide target|names of tuned files|the one that serves it, of those in VIT_TUNED_DIR
cmake_minimum_required(VERSION 3.28)
cmake_host_system_information(RESULT CMAKE_SYSTEM_PROCESSOR QUERY OS_PLATFORM)
include("${CMAKE_CURRENT_LIST_DIR}/../cmake/targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/../cmake/tuning.cmake")
foreach (name IN LISTS TARGETS)
    vit_target(${name} its)
    vit_tuned_file(${name} file)
    list(JOIN its_tuned "," names)
    message("${name}|${its_halide}|${names}|${file}")
endforeach ()
