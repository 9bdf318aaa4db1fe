#include "tests/support/failing_memory.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

#include <dlfcn.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// The allocator that there would be otherwise, by another name: AddressSanitizer's or glibc's.
#if defined(__SANITIZE_ADDRESS__) || defined(VIT_TEST_ASAN)
#define VIT_REAL(name) __interceptor_##name
constexpr bool frees_are_counted = false;
#else
#define VIT_REAL(name) __libc_##name
constexpr bool frees_are_counted = true;
#endif

extern "C" {
extern const char __executable_start, etext;  // of the linker
void *VIT_REAL(malloc)(std::size_t);
void *VIT_REAL(calloc)(std::size_t, std::size_t);
void *VIT_REAL(realloc)(void *, std::size_t);
void *VIT_REAL(memalign)(std::size_t, std::size_t);
void VIT_REAL(free)(void *);
#ifdef VIT_TEST_ASAN
void __lsan_ignore_object(const void *);
#endif
}

namespace vit::test::memory {

namespace {

constexpr long never = std::numeric_limits<long>::max();

std::atomic<long> allocations{0}, bytes{0}, live{0}, live_bytes{0};
std::atomic<long> first_to_fail{never}, last_to_fail{never};
std::atomic<long> tried_to_fail{0};  // since fail()
std::atomic<bool> failed{false}, of_program_only{false};

#ifdef VIT_TEST_ASAN
bool is_of(void *caller, const char *library) {
    Dl_info its;
    return ::dladdr(caller, &its) && std::strstr(its.dli_fname, library);
}
#endif

// Whether an allocation is to succeed that is asked for at an address of code.
bool succeeds(std::size_t size, void *caller) {
    allocations++;
    bytes += static_cast<long>(size);
    if (first_to_fail == never) return true;
#ifdef VIT_TEST_ASAN
    // In a thread that starts, AddressSanitizer asks glibc for what it cannot do without.
    if (is_of(caller, "/libc.so")) return true;
#endif
    if (of_program_only && (caller < &__executable_start || caller >= &etext)) return true;
    const long turn = ++tried_to_fail;
    if (turn < first_to_fail || turn > last_to_fail) return true;
    failed = true;
    return false;
}

void *counted(void *block, [[maybe_unused]] void *caller) {
#ifdef VIT_TEST_ASAN
    // What the dynamic linker keeps for the variables of threads. LeakSanitizer knows it by the functions
    // that ask for it, which it does not see behind ours.
    if (block && is_of(caller, "/ld-linux")) __lsan_ignore_object(block);
#endif
    if (block && frees_are_counted) {
        live++;
        live_bytes += static_cast<long>(malloc_usable_size(block));
    }
    return block;
}

void uncount(void *block) {
    if (block && frees_are_counted) {
        live--;
        live_bytes -= static_cast<long>(malloc_usable_size(block));
    }
}

}  // namespace

Count count() { return {allocations, bytes, live, live_bytes}; }

bool counts_live() { return frees_are_counted; }

void fail(long n, Mode mode, Whose whose) {
    failed = false;
    tried_to_fail = 0;
    of_program_only = whose == Whose::of_program;
    last_to_fail = mode == Mode::one_fails ? n : never;
    first_to_fail = n;
}

bool stop_failing() {
    first_to_fail = never;
    return failed;
}

}  // namespace vit::test::memory

namespace memory = vit::test::memory;

#define VIT_CALLER __builtin_return_address(0)

namespace {

void *allocate_aligned(std::size_t alignment, std::size_t size, void *caller) {
    if (!memory::succeeds(size, caller)) return errno = ENOMEM, nullptr;
    return memory::counted(VIT_REAL(memalign)(alignment, size), caller);
}

void *allocate(std::size_t size, void *caller) {
    if (!memory::succeeds(size, caller)) return errno = ENOMEM, nullptr;
    return memory::counted(VIT_REAL(malloc)(size), caller);
}

void *or_throw(void *block) { return block ? block : throw std::bad_alloc(); }

}  // namespace

extern "C" {

void *malloc(std::size_t size) { return allocate(size, VIT_CALLER); }
void *calloc(std::size_t count, std::size_t size) {
    if (!memory::succeeds(count * size, VIT_CALLER)) return errno = ENOMEM, nullptr;
    return memory::counted(VIT_REAL(calloc)(count, size), VIT_CALLER);
}
void *realloc(void *block, std::size_t size) {
    if (!memory::succeeds(size, VIT_CALLER)) return errno = ENOMEM, nullptr;
    memory::uncount(block);
    return memory::counted(VIT_REAL(realloc)(block, size), VIT_CALLER);
}
void *memalign(std::size_t alignment, std::size_t size) {
    return allocate_aligned(alignment, size, VIT_CALLER);
}
void *aligned_alloc(std::size_t alignment, std::size_t size) {
    return allocate_aligned(alignment, size, VIT_CALLER);
}
int posix_memalign(void **block, std::size_t alignment, std::size_t size) {
    *block = allocate_aligned(alignment, size, VIT_CALLER);
    return *block ? 0 : ENOMEM;
}
void free(void *block) {
    memory::uncount(block);
    VIT_REAL(free)(block);
}

// Those of the library; an allocator's own do not come by here.
void *mmap(void *address, std::size_t size, int protection, int flags, int descriptor, off_t offset) {
    if (!memory::succeeds(size, VIT_CALLER)) return errno = ENOMEM, MAP_FAILED;
    const long mapped = ::syscall(SYS_mmap, address, size, protection, flags, descriptor, offset);
    if (mapped != -1 && frees_are_counted) {
        memory::live++;
        memory::live_bytes += static_cast<long>(size);
    }
    return reinterpret_cast<void *>(mapped);
}
void *mmap64(void *address, std::size_t size, int protection, int flags, int descriptor, off_t offset) {
    return mmap(address, size, protection, flags, descriptor, offset);
}
int munmap(void *address, std::size_t size) {
    if (frees_are_counted) {
        memory::live--;
        memory::live_bytes -= static_cast<long>(size);
    }
    return static_cast<int>(::syscall(SYS_munmap, address, size));
}

}  // extern "C"

// A sanitizer's operator new does not call malloc, and libstdc++'s is no caller of the program's.
void *operator new(std::size_t size) { return or_throw(allocate(size, VIT_CALLER)); }
void *operator new[](std::size_t size) { return or_throw(allocate(size, VIT_CALLER)); }
void *operator new(std::size_t size, const std::nothrow_t &) noexcept { return allocate(size, VIT_CALLER); }
void *operator new[](std::size_t size, const std::nothrow_t &) noexcept {
    return allocate(size, VIT_CALLER);
}
void *operator new(std::size_t size, std::align_val_t alignment) {
    return or_throw(allocate_aligned(static_cast<std::size_t>(alignment), size, VIT_CALLER));
}
void *operator new[](std::size_t size, std::align_val_t alignment) {
    return or_throw(allocate_aligned(static_cast<std::size_t>(alignment), size, VIT_CALLER));
}
void operator delete(void *block) noexcept { std::free(block); }
void operator delete[](void *block) noexcept { std::free(block); }
void operator delete(void *block, std::size_t) noexcept { std::free(block); }
void operator delete[](void *block, std::size_t) noexcept { std::free(block); }
void operator delete(void *block, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void *block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void *block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void *block, std::size_t, std::align_val_t) noexcept { std::free(block); }
