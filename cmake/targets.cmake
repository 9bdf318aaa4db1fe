# What targets are: schedules/targets.json, which the autotuner reads, too (apps/autotune/targets.h).
#
#   names   A short name, and
#             halide        the Halide target that it stands for, or, with a device,
#             features      what is added to the Halide target of the processor that goes with it;
#             device        opencl or cuda, if one computes;
#             capability    CUDA's compute capability that a device has at least, 90 for 9.0;
#             device_type   cpu, if OpenCL's device is a processor;
#             tuned         the names of files in schedules/tuned that serve it where there is none of its
#                           own name, the best first.
#   others  For every other name, which is a Halide target itself: the first row all of whose words occur, as
#           beginnings of words of the target (avx512 of avx512_skylake), has device, capability and tuned.
#           Of `host`, the words are those of the processor that this is.
set(vit_targets_file "${CMAKE_CURRENT_LIST_DIR}/../schedules/targets.json")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${vit_targets_file}")
file(READ "${vit_targets_file}" vit_targets_json)

set(VIT_DEVICE_HOST host CACHE STRING
    "The target of the processor that goes with targets of a device: host, x86-64-avx2, ...")

# `host`, as far as the rows of others ask: what the C++ compiler calls native.
function(vit_native_words variable)
    string(REGEX REPLACE "[^a-z0-9_]" "-" words "${CMAKE_SYSTEM_PROCESSOR}")
    string(REPLACE "x86_64" "x86-64" words "${words}")
    string(REPLACE "aarch64" "arm-64" words "${words}")
    execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -march=native -dM -E -x c++ /dev/null
        OUTPUT_VARIABLE macros ERROR_QUIET)
    foreach (word IN ITEMS AVX512F AVX2)
        if (macros MATCHES "__${word}__")
            string(TOLOWER "-${word}" word)
            string(APPEND words "${word}")
        endif ()
    endforeach ()
    set(${variable} "${words}" PARENT_SCOPE)
endfunction()
vit_native_words(vit_native)

# vit_target_row(NAME VAR): the row of others that a Halide target follows.
function(vit_target_row name variable)
    string(REGEX REPLACE "^host" "${vit_native}" target "${name}")
    set(${variable} "{}" PARENT_SCOPE)
    string(JSON rows LENGTH "${vit_targets_json}" others)
    math(EXPR last_row "${rows} - 1")
    foreach (i RANGE ${last_row})
        string(JSON words LENGTH "${vit_targets_json}" others ${i} words)
        math(EXPR last_word "${words} - 1")
        set(follows TRUE)
        foreach (j RANGE ${last_word})
            string(JSON word GET "${vit_targets_json}" others ${i} words ${j})
            string(FIND "-${target}" "-${word}" at)
            if (at EQUAL -1)
                set(follows FALSE)
            endif ()
        endforeach ()
        if (follows)
            string(JSON row GET "${vit_targets_json}" others ${i})
            set(${variable} "${row}" PARENT_SCOPE)
            return ()
        endif ()
    endforeach ()
endfunction()

# vit_target(NAME PREFIX): what a target is.
#   PREFIX_halide        its Halide target
#   PREFIX_device        opencl, cuda, or nothing where the processor computes
#   PREFIX_capability    what a device of CUDA has at least; nothing if any will do
#   PREFIX_device_type   cpu, or nothing if any device of OpenCL will do
#   PREFIX_tuned         names of files in schedules/tuned: the first that exists serves it
function(vit_target name prefix)
    string(JSON row ERROR_VARIABLE unlisted GET "${vit_targets_json}" names "${name}")
    set(halide "${name}")
    if (unlisted)
        vit_target_row("${name}" row)
    else ()
        string(JSON halide ERROR_VARIABLE with_device GET "${row}" halide)
        if (with_device)
            string(JSON halide ERROR_VARIABLE unlisted
                GET "${vit_targets_json}" names "${VIT_DEVICE_HOST}" halide)
            if (unlisted)
                set(halide "${VIT_DEVICE_HOST}")
            endif ()
            string(JSON features GET "${row}" features)
            string(APPEND halide "-${features}")
        endif ()
    endif ()
    set(${prefix}_halide "${halide}" PARENT_SCOPE)

    foreach (field IN ITEMS device capability device_type)
        string(JSON value ERROR_VARIABLE absent GET "${row}" ${field})
        if (absent)
            set(value "")
        endif ()
        set(${prefix}_${field} "${value}" PARENT_SCOPE)
    endforeach ()

    set(tuned "${name}")
    string(JSON count ERROR_VARIABLE absent LENGTH "${row}" tuned)
    if (NOT absent)
        math(EXPR last "${count} - 1")
        foreach (i RANGE ${last})
            string(JSON other GET "${row}" tuned ${i})
            list(APPEND tuned "${other}")
        endforeach ()
    endif ()
    set(${prefix}_tuned "${tuned}" PARENT_SCOPE)
endfunction()
