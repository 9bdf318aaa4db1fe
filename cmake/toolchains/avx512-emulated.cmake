# This machine, as if it were another one, whose processor has AVX-512: tests are static programs, which
# tests/bochs/run.py runs here if it can and in an emulator if not. An emulator takes small shapes only.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
find_program(VIT_PYTHON3 python3 REQUIRED)
set(CMAKE_CROSSCOMPILING_EMULATOR "${VIT_PYTHON3};${CMAKE_CURRENT_LIST_DIR}/../../tests/bochs/run.py")
set(VIT_TEST_ARGUMENTS "--gtest_filter=*awkward*-*batch_3*:*577*")
