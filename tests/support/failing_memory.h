// Memory that runs out when a test says so: malloc and its kind, operator new and mmap, replaced in the
// whole program, shared libraries included, by support/failing_memory.cpp.
#pragma once

#include <algorithm>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "runtime/error.h"

namespace vit::test {

namespace memory {

struct Count {
    long allocations, bytes;  // since the program began, whether they succeeded or not
    long live, live_bytes;    // blocks and mappings that have not been freed; 0 under a sanitizer
};
Count count();
bool counts_live();  // not under a sanitizer, which looks for what is left itself

enum class Mode { one_fails,
                  all_fail_from };
// Those of the program itself alone leave out what shared libraries ask for, of which some end the program
// where they get nothing.
enum class Whose { all,
                   of_program };
// Of the allocations from now on, by any thread, the n-th fails, counted from 1, or all from the n-th on.
void fail(long n, Mode mode, Whose whose = Whose::all);
// None fails any more. Returns whether one has.
bool stop_failing();

// So far, for whoever reads the report (--gtest_output=json).
inline struct {
    long calls = 0, allocations = 0;
} tried;

}  // namespace memory

// Live blocks; a library's thread that is ending may free its last ones only after the call.
inline long blocks_left(long expected) {
    for (int i = 0; i < 2000 && memory::count().live > expected; i++) ::usleep(1000);
    return memory::count().live;
}

inline int lowest_free_descriptor() {
    const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(descriptor);
    return descriptor;
}

// Lets every allocation of a call fail, one after the other, alone and with all that follow. prepare()
// makes, with memory, what call(prepared) works on and may change; the call returns a Result: what
// check(value) finds right, or an error of want of memory. Nothing stays behind, and the next call is right.
// Returns how many allocations there were.
template<typename Prepare, typename Call, typename Check>
long fail_every_allocation_after(Prepare prepare, Call call, Check check,
                                 memory::Whose whose = memory::Whose::all) {
    const auto expect_success = [&] {
        auto prepared = prepare();
        const auto result = call(prepared);
        if (result) {
            check(*result);
        } else {
            ADD_FAILURE() << "nothing failed, and yet: " << result.error().message;
        }
    };
    expect_success();
    long most = 0;
    for (const memory::Mode mode : {memory::Mode::one_fails, memory::Mode::all_fail_from}) {
        bool failed = true;
        for (long n = 1; failed && !testing::Test::HasFailure(); n++) {
            SCOPED_TRACE((mode == memory::Mode::one_fails ? "allocation " : "all from allocation ") +
                         std::to_string(n));
            const long live = memory::count().live;
            const int descriptor = lowest_free_descriptor();
            {
                auto prepared = prepare();
                memory::fail(n, mode, whose);
                const auto result = call(prepared);
                failed = memory::stop_failing();
                if (result) {
                    check(*result);
                } else {
                    EXPECT_EQ(result.error().code, ErrorCode::memory) << result.error().message;
                    EXPECT_FALSE(result.error().message.empty());
                    EXPECT_TRUE(failed) << "nothing failed, and yet: " << result.error().message;
                    // Of the same object.
                    const auto next = call(prepared);
                    if (next) {
                        check(*next);
                    } else {
                        ADD_FAILURE() << "the call after: " << next.error().message;
                    }
                }
            }
            EXPECT_LE(blocks_left(live), live) << "blocks are left";
            EXPECT_EQ(lowest_free_descriptor(), descriptor) << "a file is left open";
            if (failed) most = std::max(most, n);
        }
    }
    testing::Test::RecordProperty("calls", ++memory::tried.calls);
    testing::Test::RecordProperty("allocations", memory::tried.allocations += most);
    return most;
}

// The same of a call that works on nothing.
template<typename Call, typename Check>
long fail_every_allocation(Call call, Check check, memory::Whose whose = memory::Whose::all) {
    const auto nothing = [] { return 0; };
    return fail_every_allocation_after(nothing, [&](int) { return call(); }, check, whose);
}

}  // namespace vit::test
