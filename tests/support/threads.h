// The threads of this process, as the system counts them.
#pragma once

#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>

namespace vit::test {

inline long threads_of_process() {
    namespace fs = std::filesystem;
    return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
}

// Whether there are so many, some time from now: a thread that has been joined counts until the system has
// cleared it away.
inline bool wait_for_threads(long count) {
    for (int i = 0; i < 1000 && threads_of_process() != count; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return threads_of_process() == count;
}

// How many there are once none has come or gone for a tenth of a second.
inline long threads_at_rest() {
    long count = threads_of_process();
    for (int unchanged = 0; unchanged < 20; unchanged++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        if (const long now = threads_of_process(); now != count) {
            count = now;
            unchanged = 0;
        }
    }
    return count;
}

}  // namespace vit::test
