# Compiling stages ahead of time.
set(VIT_KERNEL_FEATURES no_runtime user_context)
if (NOT VIT_CHECKED_KERNELS)
    list(APPEND VIT_KERNEL_FEATURES no_asserts no_bounds_query)
endif ()

# What Halide's runtime is called in an object that Halide compiled: names of our own, for there may be
# another Halide in an app (runtime/backend/halide_runtime.h). They are as long as Halide's: an object of any
# architecture stays whole, where objcopy may know this machine's alone.
set(vit_rename_halide "${CMAKE_COMMAND}" -E env LC_ALL=C sed -i
    -e s/halide_/hl_vit_/g -e s/6Halide7Runtime/6hl_vit7Runtime/g
    -e s/copy_to_device_already_locked/hl_vit__device_already_locked/g)

# vit_target_suffix(NAME VAR): what the symbols of a target end in.
function(vit_target_suffix name variable)
    string(MAKE_C_IDENTIFIER "${name}" suffix)
    set(${variable} "${suffix}" PARENT_SCOPE)
endfunction()

# vit_stage_symbol(NAME TARGET VAR): what the function of a stage is called. Names that begin with vit_ are
# the C interface's.
function(vit_stage_symbol name target variable)
    vit_target_suffix(${target} suffix)
    set(${variable} "ViT_${name}_${suffix}" PARENT_SCOPE)
endfunction()

# vit_add_stage(LIBRARY TARGET NAME GENERATOR [PARAM=VALUE...]): runs a generator for one target and adds the
# object file with its function (vit_stage_symbol) to LIBRARY. The assembly and the lowered statements lie
# beside it: they are what tuning is decided on.
function(vit_add_stage library target name generator)
    vit_stage_symbol(${name} ${target} function)
    set(directory "${PROJECT_BINARY_DIR}/stages")
    set(base "${directory}/${function}")
    vit_target(${target} its)
    set(features ${VIT_KERNEL_FEATURES})
    if (its_device)
        # What the driver says is an assertion, too: without them Halide 21 goes on with a stage that did not
        # load, and aborts. They are checked here, once a call; the device's code is the same.
        list(REMOVE_ITEM features no_asserts)
    endif ()
    list(JOIN features "-" features)
    add_custom_command(
        OUTPUT "${base}.o"
        BYPRODUCTS "${base}.h" "${base}.s" "${base}.stmt"
        COMMAND "${CMAKE_COMMAND}" -E make_directory "${directory}"
        COMMAND vit_generators -g ${generator} -f ${function} -n ${function} -o "${directory}"
                -e object,c_header,assembly,stmt "target=${its_halide}-${features}" ${ARGN}
        COMMAND ${vit_rename_halide} "${base}.o"
        DEPENDS vit_generators
        COMMENT "Compiling stage ${name} for ${target}"
        VERBATIM)
    set_source_files_properties("${base}.o" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    target_sources(${library} PRIVATE "${base}.o")
endfunction()

# vit_kernel(NAME ...): a row of generators/kernels.cmake, kept as one word: fields between bars.
set(vit_kernels "")
macro (vit_kernel name)
    cmake_parse_arguments(row WITHOUT_BLOCKS "TUNED;ON" "DEFAULT;PARAMS" ${ARGN})
    if (row_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "vit_kernel(${name}): what is ${row_UNPARSED_ARGUMENTS}?")
    endif ()
    list(JOIN row_DEFAULT "," row_DEFAULT)
    list(JOIN row_PARAMS "," row_PARAMS)
    list(APPEND vit_kernels
        "${name}|${row_TUNED}|${row_ON}|${row_WITHOUT_BLOCKS}|${row_DEFAULT}|${row_PARAMS}")
endmacro()
include(generators/kernels.cmake)

# vit_read_kernel(ROW): kernel_name, _generator, _symbol, _tuned, _on, _without_blocks, _default, _params.
macro (vit_read_kernel row)
    string(REPLACE "|" ";" fields "${row}")
    list(GET fields 0 kernel_name)
    list(GET fields 1 kernel_tuned)
    list(GET fields 2 kernel_on)
    list(GET fields 3 kernel_without_blocks)
    list(GET fields 4 kernel_default)
    list(GET fields 5 kernel_params)
    string(REGEX REPLACE "/.*" "" kernel_generator "${kernel_name}")
    string(MAKE_C_IDENTIFIER "${kernel_name}" kernel_symbol)
    string(REPLACE "," ";" kernel_default "${kernel_default}")
    string(REPLACE "," ";" kernel_params "${kernel_params}")
endmacro()

# vit_add_backend(LIBRARY TARGET): all kernels for one target, with its tuned values, and their table.
function(vit_add_backend library target)
    vit_tuned_file(${target} tuned)
    if (tuned)
        cmake_path(RELATIVE_PATH tuned BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE shown)
        message(STATUS "Target ${target}: schedules tuned by ${shown}")
    else ()
        message(STATUS "Target ${target}: schedules with their default values, no tuned file fits")
    endif ()
    vit_tuned_values("${tuned}" layout layout)
    vit_target(${target} its)
    vit_target_suffix(${target} VIT_SUFFIX)
    set(VIT_TARGET ${target})
    set(VIT_KERNEL_DECLARATIONS "")
    set(VIT_KERNEL_ROWS "")
    set(elsewhere device)
    if (its_device)
        set(elsewhere processor)
    endif ()
    foreach (row IN LISTS vit_kernels)
        vit_read_kernel("${row}")
        if (kernel_on STREQUAL elsewhere)
            continue ()
        endif ()
        if (kernel_on STREQUAL x86_arm AND (its_device OR NOT its_halide MATCHES "^(host|x86|arm)"))
            continue ()
        endif ()
        set(values "")
        if (kernel_tuned)
            vit_tuned_values("${tuned}" ${kernel_tuned} values)
        endif ()
        if (NOT values)
            set(values ${kernel_default})
        endif ()
        if (NOT kernel_without_blocks)
            list(APPEND values ${layout})
        endif ()
        vit_add_stage(${library} ${target} ${kernel_symbol} ${kernel_generator} ${values} ${kernel_params})
        vit_stage_symbol(${kernel_symbol} ${target} symbol)
        string(APPEND VIT_KERNEL_DECLARATIONS
            "int ${symbol}_argv(void **);\nconst halide_filter_metadata_t *${symbol}_metadata();\n")
        string(APPEND VIT_KERNEL_ROWS
            "    {\"${kernel_name}\", ${symbol}_argv, ${symbol}_metadata},\n")
    endforeach ()
    set(table "${PROJECT_BINARY_DIR}/kernel_table_${VIT_SUFFIX}.cpp")
    configure_file("${PROJECT_SOURCE_DIR}/runtime/backend/kernel_table.cpp.in" "${table}" @ONLY)
    target_sources(${library} PRIVATE "${table}")
endfunction()

# vit_add_kernel_list(LIBRARY): the rows themselves, for what compiles kernels in process.
function(vit_add_kernel_list library)
    set(VIT_KERNEL_LIST "")
    foreach (row IN LISTS vit_kernels)
        vit_read_kernel("${row}")
        set(params "")
        foreach (param IN LISTS kernel_params)
            string(REGEX REPLACE "^([^=]*)=(.*)$" "{\"\\1\", \"\\2\"}" param "${param}")
            list(APPEND params "${param}")
        endforeach ()
        list(JOIN params ", " params)
        string(APPEND VIT_KERNEL_LIST
            "        {\"${kernel_name}\", \"${kernel_generator}\", \"${kernel_tuned}\", {${params}}},\n")
    endforeach ()
    set(list "${PROJECT_BINARY_DIR}/kernel_list.cpp")
    configure_file("${PROJECT_SOURCE_DIR}/tests/cases/kernel_list.cpp.in" "${list}" @ONLY)
    target_sources(${library} PRIVATE "${list}")
endfunction()

# vit_add_halide_runtime(LIBRARY TARGET [FEATURE...]): the functions of Halide that compiled stages call, for
# every processor of a target's architecture and for the devices named: all backends share them.
function(vit_add_halide_runtime library target)
    set(base "${PROJECT_BINARY_DIR}/stages/vit_halide_runtime")
    vit_target(${target} its)
    set(halide_target "${its_halide}")
    if (halide_target MATCHES "^(x86-64-[a-z]+)")
        set(halide_target "${CMAKE_MATCH_1}")
    endif ()
    list(JOIN ARGN "-" features)
    if (features)
        string(APPEND halide_target "-${features}")
    endif ()
    add_custom_command(
        OUTPUT "${base}.o"
        COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/stages"
        COMMAND vit_generators -r vit_halide_runtime -o "${PROJECT_BINARY_DIR}/stages"
                -e object "target=${halide_target}"
        COMMAND ${vit_rename_halide} "${base}.o"
        DEPENDS vit_generators
        COMMENT "Compiling Halide's runtime for ${target}"
        VERBATIM)
    set_source_files_properties("${base}.o" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    target_sources(${library} PRIVATE "${base}.o")
endfunction()
