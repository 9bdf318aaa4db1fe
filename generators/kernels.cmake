# The kernels: the one list of what is compiled for each target (cmake/stages.cmake crosses it with
# VIT_TARGETS, writes the table that the runtime finds them in, and the list by which tests and the autotuner
# compile them in process).
#
# vit_kernel(NAME [TUNED KEY] [ON processor|device|x86_arm] [WITHOUT_BLOCKS] [DEFAULT PARAM=VALUE...]
#            [PARAMS PARAM=VALUE...])
#   NAME            generator or generator/role: the generator is what stands before the first slash
#   TUNED           the stage of schedules/tuned/*.json whose values its schedule takes
#   ON              where it is compiled: only where a processor computes, or only where a device does, or
#                   only for x86 and Arm
#   WITHOUT_BLOCKS  none of its matrices lies in the blocks of generators/layout.h
#   DEFAULT         the values of its schedule where a target has no tuned ones, if not those in schedules/
#   PARAMS          what makes it this kernel and no other of its generator
vit_kernel(layout)
vit_kernel(pack_panels/f32 PARAMS weight.type=float32)
vit_kernel(pack_panels/f16 PARAMS weight.type=float16)
vit_kernel(pack_panels/bf16 PARAMS weight.type=bfloat16)
vit_kernel(pack_tiles)

vit_kernel(preprocess_along_rows TUNED preprocess WITHOUT_BLOCKS)
vit_kernel(preprocess_along_columns TUNED preprocess WITHOUT_BLOCKS)
vit_kernel(preprocess_columns_first TUNED preprocess WITHOUT_BLOCKS)
vit_kernel(patch_embed TUNED patch_embed)
vit_kernel(layer_norm TUNED layer_norm)

# The linear layers of a block, a kernel for each role, whose shapes ask for schedules of their own. Devices
# have a second one for few tokens, with k in parts, so that one image keeps them busy.
foreach (few IN ITEMS "" /few)
    set(where "")
    if (few)
        set(where ON device DEFAULT group_tiles=2 k_parts=4)
    endif ()
    vit_kernel(linear/qkv${few} TUNED linear/qkv${few} ${where} PARAMS epilogue=none)
    vit_kernel(linear/proj${few} TUNED linear/proj${few} ${where} PARAMS epilogue=residual)
    set(activations gelu_erf gelu_tanh)
    if (NOT few)
        list(APPEND activations quick_gelu relu silu tanh silu_gated)  # too seldom for a second one
    endif ()
    foreach (activation IN LISTS activations)
        vit_kernel(linear/fc1/${activation}${few} TUNED linear/fc1${few} ${where}
            PARAMS epilogue=${activation})
    endforeach ()
    vit_kernel(linear/fc2${few} TUNED linear/fc2${few} ${where} PARAMS epilogue=residual)
endforeach ()

vit_kernel(attention TUNED attention ON processor)
vit_kernel(class_attention TUNED class_attention ON processor)
vit_kernel(attention_parts/one_part TUNED attention ON device PARAMS one_part=true)
vit_kernel(attention_parts/parts TUNED attention ON device PARAMS one_part=false)

# Weights in half precision, a processor's: float32 arithmetic, half of the memory. Only the activations that
# many models have.
foreach (precision IN ITEMS f16 bf16)
    set(half ON processor PARAMS precision=${precision})
    vit_kernel(round_panels/${precision} ${half})
    vit_kernel(linear/${precision}/qkv TUNED linear/qkv ${half} epilogue=none)
    vit_kernel(linear/${precision}/proj TUNED linear/proj ${half} epilogue=residual)
    foreach (activation IN ITEMS gelu_erf gelu_tanh quick_gelu)
        vit_kernel(linear/${precision}/fc1/${activation} TUNED linear/fc1 ${half} epilogue=${activation})
    endforeach ()
    vit_kernel(linear/${precision}/fc2 TUNED linear/fc2 ${half} epilogue=residual)
endforeach ()

# In fixed point (generators/fixed_point.h). Only the activations that many models have. For RISC-V, LLVM 21
# ends in an assertion.
foreach (precision IN ITEMS i16 i8)
    set(fixed ON x86_arm PARAMS precision=${precision})
    vit_kernel(quantize_panels/${precision} ${fixed})
    vit_kernel(layer_norm/${precision} TUNED layer_norm ${fixed})
    vit_kernel(attention/${precision} TUNED attention ${fixed})
    set(linear linear_fixed/${precision})
    vit_kernel(${linear}/qkv TUNED ${linear}/qkv ${fixed} epilogue=none)
    vit_kernel(${linear}/proj TUNED ${linear}/proj ${fixed} epilogue=residual)
    foreach (activation IN ITEMS gelu_erf gelu_tanh quick_gelu)
        vit_kernel(${linear}/fc1/${activation} TUNED ${linear}/fc1 ${fixed} epilogue=${activation})
    endforeach ()
    vit_kernel(${linear}/fc2 TUNED ${linear}/fc2 ${fixed} epilogue=residual)
endforeach ()

vit_kernel(pool)
foreach (kind IN ITEMS softmax sigmoid identity)
    vit_kernel(head/${kind} TUNED head PARAMS kind=${kind})
endforeach ()
