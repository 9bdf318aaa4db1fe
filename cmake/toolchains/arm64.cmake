# Linux on arm64, by Debian's cross compiler (g++-aarch64-linux-gnu). What is built runs under
# qemu-user-static.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# Libraries that are headers alone are those of this machine.
set(CMAKE_CXX_FLAGS_INIT "-idirafter /usr/include")
find_program(VIT_QEMU NAMES qemu-aarch64-static qemu-aarch64)
if (VIT_QEMU)
    set(CMAKE_CROSSCOMPILING_EMULATOR "${VIT_QEMU};-L;/usr/aarch64-linux-gnu")
endif ()
