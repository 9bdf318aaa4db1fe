// Halide's runtime, its functions under names of our own: an app that links the static library may have
// another Halide in it, with handlers of its own, as halide_malloc and so on. In the objects that Halide
// compiles, names are changed likewise (cmake/stages.cmake). A function that is missing here is not found by
// the linker. After <Halide.h>, there are types alone.
#pragma once

#define halide_acquire_cl_context hl_vit_acquire_cl_context
#define halide_buffer_copy hl_vit_buffer_copy
#define halide_copy_to_device hl_vit_copy_to_device
#define halide_copy_to_host hl_vit_copy_to_host
#define halide_cuda_device_interface hl_vit_cuda_device_interface
#define halide_default_do_par_for hl_vit_default_do_par_for
#define halide_default_error hl_vit_default_error
#define halide_default_free hl_vit_default_free
#define halide_default_get_library_symbol hl_vit_default_get_library_symbol
#define halide_default_malloc hl_vit_default_malloc
#define halide_default_print hl_vit_default_print
#define halide_device_detach_native hl_vit_device_detach_native
#define halide_device_free hl_vit_device_free
#define halide_device_malloc hl_vit_device_malloc
#define halide_device_sync_global hl_vit_device_sync_global
#define halide_error hl_vit_error
#define halide_opencl_device_interface hl_vit_opencl_device_interface
#define halide_release_cl_context hl_vit_release_cl_context
#define halide_set_cuda_acquire_context hl_vit_set_cuda_acquire_context
#define halide_set_cuda_get_stream hl_vit_set_cuda_get_stream
#define halide_set_cuda_release_context hl_vit_set_cuda_release_context
#define halide_set_custom_do_par_for hl_vit_set_custom_do_par_for
#define halide_set_custom_free hl_vit_set_custom_free
#define halide_set_custom_get_library_symbol hl_vit_set_custom_get_library_symbol
#define halide_set_custom_malloc hl_vit_set_custom_malloc
#define halide_set_custom_print hl_vit_set_custom_print
#define halide_set_error_handler hl_vit_set_error_handler

#include <HalideRuntime.h>
