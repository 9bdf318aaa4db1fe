// An end that comes from outside, between two answers.
#pragma once

#include <csignal>
#include <functional>
#include <mutex>
#include <thread>

namespace command {

// While it lives, SIGINT (Ctrl-C), SIGTERM and SIGHUP end the process only when nobody holds writing(): what
// is written under that lock is written whole. A second signal ends it at once, and one that was ignored
// before stays so. To be made before the process has other threads, which must leave these signals to it.
class Interruption {
public:
    // `before_end` is called under the lock, in a thread of its own, before the signal has its way.
    explicit Interruption(std::function<void()> before_end);
    ~Interruption();
    Interruption(const Interruption &) = delete;
    Interruption &operator=(const Interruption &) = delete;

    std::mutex &writing() { return writing_; }

private:
    void wait();

    const std::function<void()> before_end_;
    std::mutex writing_;
    sigset_t signals_, signals_before_;
    int any_ = 0;  // one of signals_; 0 if all are ignored
    bool over_ = false;
    std::thread thread_;
};

}  // namespace command
