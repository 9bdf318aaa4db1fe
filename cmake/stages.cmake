# Compiling stages ahead of time.
set(VIT_KERNEL_FEATURES no_runtime user_context)
if (NOT VIT_CHECKED_KERNELS)
    list(APPEND VIT_KERNEL_FEATURES no_asserts no_bounds_query)
endif ()

# vit_target_suffix(NAME VAR): what the symbols of a target end in.
function(vit_target_suffix name variable)
    string(MAKE_C_IDENTIFIER "${name}" suffix)
    set(${variable} "${suffix}" PARENT_SCOPE)
endfunction()

# vit_add_stage(LIBRARY TARGET NAME GENERATOR [PARAM=VALUE...]): runs a generator for one target and adds the
# object file with the function vit_NAME_SUFFIX to LIBRARY. The assembly and the lowered statements
# lie beside it: they are what tuning is decided on.
function(vit_add_stage library target name generator)
    vit_target_suffix(${target} suffix)
    set(function "vit_${name}_${suffix}")
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
        OUTPUT "${base}.o" "${base}.h"
        BYPRODUCTS "${base}.s" "${base}.stmt"
        COMMAND "${CMAKE_COMMAND}" -E make_directory "${directory}"
        COMMAND vit_generators -g ${generator} -f ${function} -n ${function} -o "${directory}"
                -e object,c_header,assembly,stmt "target=${its_halide}-${features}" ${ARGN}
        DEPENDS vit_generators
        COMMENT "Compiling stage ${name} for ${target}"
        VERBATIM)
    set_source_files_properties("${base}.o" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    target_sources(${library} PRIVATE "${base}.o" "${base}.h")
endfunction()

# vit_add_backend(LIBRARY TARGET): all stages for one target, with its tuned values.
function(vit_add_backend library target)
    vit_tuned_file(${target} tuned)
    if (tuned)
        cmake_path(RELATIVE_PATH tuned BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE shown)
        message(STATUS "Target ${target}: schedules tuned by ${shown}")
    else ()
        message(STATUS "Target ${target}: schedules with their default values, no tuned file fits")
    endif ()
    vit_tuned_values("${tuned}" layout layout)

    # NAME GENERATOR STAGE [PARAM=VALUE...]: STAGE is the key of its tuned values.
    function(add name generator stage)
        vit_tuned_values("${tuned}" ${stage} values)
        vit_add_stage(${library} ${target} ${name} ${generator} ${layout} ${values} ${ARGN})
    endfunction()
    # A linear layer of few tokens on a device; without tuned values, k falls into parts all the same.
    function(add_few name role epilogue)
        vit_tuned_values("${tuned}" linear/${role}/few values)
        if (NOT values)
            set(values group_tiles=2 k_parts=4)
        endif ()
        vit_add_stage(${library} ${target} ${name} linear ${layout} ${values} epilogue=${epilogue})
    endfunction()
    vit_add_stage(${library} ${target} layout layout ${layout})
    add(patch_embed patch_embed patch_embed)
    add(layer_norm layer_norm layer_norm)
    add(linear_qkv linear linear/qkv epilogue=none)
    add(linear_proj linear linear/proj epilogue=residual)
    add(linear_fc1_gelu_erf linear linear/fc1 epilogue=gelu_erf)
    add(linear_fc1_gelu_tanh linear linear/fc1 epilogue=gelu_tanh)
    add(linear_fc2 linear linear/fc2 epilogue=residual)
    add(head_softmax head head kind=softmax)
    add(head_sigmoid head head kind=sigmoid)
    add(head_identity head head kind=identity)
    add(pack_panels_f32 pack_panels pack_panels weight.type=float32)
    add(pack_panels_f16 pack_panels pack_panels weight.type=float16)
    add(pack_panels_bf16 pack_panels pack_panels weight.type=bfloat16)
    add(pack_tiles pack_tiles pack_tiles)
    # Pixels lie in rows, not in blocks.
    vit_tuned_values("${tuned}" preprocess values)
    vit_add_stage(${library} ${target} preprocess_rows_first preprocess order=rows_first ${values})
    vit_add_stage(${library} ${target} preprocess_columns_first preprocess order=columns_first ${values})

    vit_target_suffix(${target} VIT_SUFFIX)
    set(VIT_TARGET ${target})
    vit_target(${target} its)
    if (its_device)
        set(VIT_ON_DEVICE 1)
        add_few(few_linear_qkv qkv none)
        add_few(few_linear_proj proj residual)
        add_few(few_linear_fc1_gelu_erf fc1 gelu_erf)
        add_few(few_linear_fc1_gelu_tanh fc1 gelu_tanh)
        add_few(few_linear_fc2 fc2 residual)
        add(attention_one_part attention_parts attention one_part=true)
        add(attention_parts attention_parts attention one_part=false)
    else ()
        set(VIT_ON_DEVICE 0)
        add(attention attention attention)
        add(class_attention class_attention class_attention)
    endif ()
    configure_file("${PROJECT_SOURCE_DIR}/runtime/backend/backend_kernels.cpp.in"
        "${PROJECT_BINARY_DIR}/backend_kernels_${VIT_SUFFIX}.cpp" @ONLY)
    target_sources(${library} PRIVATE "${PROJECT_BINARY_DIR}/backend_kernels_${VIT_SUFFIX}.cpp")
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
        DEPENDS vit_generators
        COMMENT "Compiling Halide's runtime for ${target}"
        VERBATIM)
    set_source_files_properties("${base}.o" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    target_sources(${library} PRIVATE "${base}.o")
endfunction()
