# Tuned values of schedules: schedules/tuned/*.json, written by the autotuner, passed to generators as
# parameters. A target looks for its own name and then for those that schedules/targets.json says; the first
# file that exists serves it whole, and where none does, the defaults in schedules/*.h hold.
set(VIT_TUNED_DIR "${PROJECT_SOURCE_DIR}/schedules/tuned" CACHE PATH
    "Where tuned values of schedules are looked for")

# vit_tuned_file(TARGET VAR): the file that serves a target, or nothing.
function(vit_tuned_file target variable)
    vit_target(${target} its)
    set(${variable} "" PARENT_SCOPE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${VIT_TUNED_DIR}")
    foreach (name IN LISTS its_tuned)
        set(file "${VIT_TUNED_DIR}/${name}.json")
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
