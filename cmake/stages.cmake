# Compiling stages ahead of time.

# vit_target_suffix(TARGET VAR): what the symbols of a Halide target end in.
function(vit_target_suffix target variable)
    string(MAKE_C_IDENTIFIER "${target}" suffix)
    set(${variable} "${suffix}" PARENT_SCOPE)
endfunction()

# vit_add_stage(LIBRARY TARGET NAME GENERATOR [PARAM=VALUE...]): runs a generator for one Halide target and adds the object
# file with the function vit_NAME_SUFFIX to LIBRARY. The assembly and the lowered statements lie beside it: they are
# what tuning is decided on.
function(vit_add_stage library target name generator)
    vit_target_suffix(${target} suffix)
    set(function "vit_${name}_${suffix}")
    set(directory "${PROJECT_BINARY_DIR}/stages")
    set(base "${directory}/${function}")
    list(JOIN VIT_KERNEL_FEATURES "-" features)
    add_custom_command(
        OUTPUT "${base}.o" "${base}.h"
        BYPRODUCTS "${base}.s" "${base}.stmt"
        COMMAND "${CMAKE_COMMAND}" -E make_directory "${directory}"
        COMMAND vit_generators -g ${generator} -f ${function} -n ${function} -o "${directory}"
                -e object,c_header,assembly,stmt "target=${target}-${features}" ${ARGN}
        DEPENDS vit_generators
        COMMENT "Compiling stage ${name} for ${target}"
        VERBATIM)
    set_source_files_properties("${base}.o" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    target_sources(${library} PRIVATE "${base}.o" "${base}.h")
endfunction()

# vit_add_backend(LIBRARY TARGET): all stages for one Halide target.
function(vit_add_backend library target)
    vit_add_stage(${library} ${target} layout layout)
    vit_add_stage(${library} ${target} preprocess preprocess)
    vit_add_stage(${library} ${target} patch_embed patch_embed)
    vit_add_stage(${library} ${target} layer_norm layer_norm)
    vit_add_stage(${library} ${target} linear linear epilogue=none)
    vit_add_stage(${library} ${target} linear_gelu_erf linear epilogue=gelu_erf)
    vit_add_stage(${library} ${target} linear_gelu_tanh linear epilogue=gelu_tanh)
    vit_add_stage(${library} ${target} linear_residual linear epilogue=residual)
    vit_add_stage(${library} ${target} attention attention)
    vit_add_stage(${library} ${target} head_softmax head kind=softmax)
    vit_add_stage(${library} ${target} head_sigmoid head kind=sigmoid)
    vit_add_stage(${library} ${target} head_identity head kind=identity)
    vit_add_stage(${library} ${target} pack_panels_f32 pack_panels weight.type=float32)
    vit_add_stage(${library} ${target} pack_panels_f16 pack_panels weight.type=float16)
    vit_add_stage(${library} ${target} pack_panels_bf16 pack_panels weight.type=bfloat16)
    vit_add_stage(${library} ${target} pack_tiles pack_tiles)

    vit_target_suffix(${target} VIT_SUFFIX)
    set(VIT_TARGET ${target})
    configure_file("${PROJECT_SOURCE_DIR}/runtime/backend_kernels.cpp.in" "${PROJECT_BINARY_DIR}/backend_kernels_${VIT_SUFFIX}.cpp" @ONLY)
    target_sources(${library} PRIVATE "${PROJECT_BINARY_DIR}/backend_kernels_${VIT_SUFFIX}.cpp")
endfunction()

# vit_add_halide_runtime(LIBRARY TARGET): the functions of Halide that compiled stages call.
function(vit_add_halide_runtime library target)
    set(base "${PROJECT_BINARY_DIR}/stages/vit_halide_runtime")
    add_custom_command(
        OUTPUT "${base}.o"
        COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/stages"
        COMMAND vit_generators -r vit_halide_runtime -o "${PROJECT_BINARY_DIR}/stages" -e object "target=${target}"
        DEPENDS vit_generators
        COMMENT "Compiling Halide's runtime for ${target}"
        VERBATIM)
    set_source_files_properties("${base}.o" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    target_sources(${library} PRIVATE "${base}.o")
endfunction()
