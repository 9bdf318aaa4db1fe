# What another project finds by find_package or pkg-config. An app that links the static library links what
# that stands on, too.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Where a package of CMake or pkg-config lies below the prefix.
set(cmake_packages "${CMAKE_INSTALL_LIBDIR}/cmake/vit")
set(pc_packages "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}/${pc_packages}"
    OUTPUT_VARIABLE VIT_PREFIX_OF_PC)

# <tl/expected.hpp>, where the compiler does not look by itself.
set(VIT_EXPECTED_FLAGS "")
get_target_property(directories tl::expected INTERFACE_INCLUDE_DIRECTORIES)
list(REMOVE_ITEM directories ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
foreach (directory IN LISTS directories)
    string(APPEND VIT_EXPECTED_FLAGS " -I${directory}")
endforeach ()

# vit_package(TARGET static|shared [COMPONENT NAME EXCLUDE_FROM_ALL])
function(vit_package target kind)
    install(TARGETS ${target} EXPORT ${target}-targets ${ARGN})
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/runtime/include/vit
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${ARGN})
    set(VIT_TARGETS_FILE vit-${kind}-targets.cmake)
    install(EXPORT ${target}-targets FILE ${VIT_TARGETS_FILE} NAMESPACE vit::
        DESTINATION ${cmake_packages} ${ARGN})

    set(VIT_FIND_STATIC_DEPENDENCIES "")
    set(VIT_PC_PACKAGES "")
    set(VIT_PC_LIBRARIES "")
    list(TRANSFORM VIT_PICTURE_PC PREPEND " " OUTPUT_VARIABLE VIT_PC_PRIVATE_PACKAGES)
    list(JOIN VIT_PC_PRIVATE_PACKAGES "" VIT_PC_PRIVATE_PACKAGES)
    list(TRANSFORM CMAKE_DL_LIBS PREPEND " -l" OUTPUT_VARIABLE dl)
    set(VIT_PC_PRIVATE_LIBRARIES " -lstdc++ -lm -pthread${dl}")
    if (kind STREQUAL static)
        set(VIT_FIND_STATIC_DEPENDENCIES "find_dependency(Threads)\n${VIT_FIND_PICTURE_PACKAGES}")
        # Where there is no other library, nobody has to say --static.
        set(VIT_PC_PACKAGES "${VIT_PC_PRIVATE_PACKAGES}")
        set(VIT_PC_LIBRARIES "${VIT_PC_PRIVATE_LIBRARIES}")
        set(VIT_PC_PRIVATE_PACKAGES "")
        set(VIT_PC_PRIVATE_LIBRARIES "")
    endif ()
    set(directory "${PROJECT_BINARY_DIR}/package/${kind}")
    configure_package_config_file(
        ${PROJECT_SOURCE_DIR}/cmake/vit-config.cmake.in ${directory}/vit-config.cmake
        INSTALL_DESTINATION ${cmake_packages})
    write_basic_package_version_file(
        ${directory}/vit-config-version.cmake COMPATIBILITY SameMinorVersion)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/vit.pc.in ${directory}/vit.pc @ONLY)
    install(FILES ${directory}/vit-config.cmake ${directory}/vit-config-version.cmake
        DESTINATION ${cmake_packages} ${ARGN})
    install(FILES ${directory}/vit.pc DESTINATION ${pc_packages} ${ARGN})
endfunction()
