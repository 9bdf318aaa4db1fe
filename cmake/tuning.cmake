# Tuned values of schedules: schedules/tuned/*.json, written by the autotuner, passed to generators as
# parameters.
#
# A target looks for its values along this chain; the first file that exists serves it whole:
#   1. <Halide target string>.json     values for this very target
#   2. <architecture>-<vectors>.json   x86-64-avx512, x86-64-avx2, x86-64, arm-64, ...
#      opencl.json, cuda.json          whatever the processor
#   3. none: the defaults in schedules/*.h
set(VIT_TUNED_DIR "${PROJECT_SOURCE_DIR}/schedules/tuned" CACHE PATH
    "Where tuned values of schedules are looked for")

# The architecture and vectors of a Halide target. `host` is what the C++ compiler calls native.
function(vit_target_family target variable)
    vit_device_of(${target} device)
    if (device)
        set(${variable} ${device} PARENT_SCOPE)
        return ()
    endif ()
    set(features "-${target}-")
    if (target MATCHES "^host")
        string(REGEX REPLACE "[^a-z0-9_]" "-" features "-${CMAKE_SYSTEM_PROCESSOR}-")
        string(REPLACE "x86_64" "x86-64" features "${features}")
        string(REPLACE "aarch64" "arm-64" features "${features}")
        execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -march=native -dM -E -x c++ /dev/null
            OUTPUT_VARIABLE macros ERROR_QUIET)
        if (macros MATCHES "__AVX512F__")
            string(APPEND features "avx512-")
        elseif (macros MATCHES "__AVX2__")
            string(APPEND features "avx2-")
        endif ()
    endif ()
    string(REGEX MATCH "^-[a-z0-9]+-[0-9]+" family "${features}")
    string(SUBSTRING "${family}" 1 -1 family)
    if (features MATCHES "-avx512")
        string(APPEND family "-avx512")
    elseif (features MATCHES "-avx2-")
        string(APPEND family "-avx2")
    endif ()
    set(${variable} "${family}" PARENT_SCOPE)
endfunction()

# vit_tuned_file(TARGET VAR): the file that serves a target, or nothing.
function(vit_tuned_file target variable)
    vit_target_family(${target} family)
    set(${variable} "" PARENT_SCOPE)
    foreach (name IN ITEMS ${target} ${family})
        set(file "${VIT_TUNED_DIR}/${name}.json")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${VIT_TUNED_DIR}")
        if (EXISTS "${file}")
            set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
            set(${variable} "${file}" PARENT_SCOPE)
            return ()
        endif ()
    endforeach ()
endfunction()

# vit_tuned_values(FILE STAGE VAR): PARAM=VALUE... of a stage; nothing where the file does not have it.
function(vit_tuned_values file stage variable)
    set(${variable} "" PARENT_SCOPE)
    if (NOT file)
        return ()
    endif ()
    file(READ "${file}" json)
    string(JSON count ERROR_VARIABLE missing LENGTH "${json}" stages ${stage} values)
    if (missing OR count EQUAL 0)
        return ()
    endif ()
    set(values "")
    math(EXPR last "${count} - 1")
    foreach (i RANGE ${last})
        string(JSON name MEMBER "${json}" stages ${stage} values ${i})
        string(JSON value GET "${json}" stages ${stage} values ${name})
        list(APPEND values "${name}=${value}")
    endforeach ()
    set(${variable} "${values}" PARENT_SCOPE)
endfunction()
