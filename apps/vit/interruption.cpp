#include "interruption.h"

#include <utility>

#include <pthread.h>
#include <unistd.h>

namespace command {

Interruption::Interruption(std::function<void()> before_end)
    : before_end_(std::move(before_end)) {
    sigemptyset(&signals_);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action {};
        if (sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
            sigaddset(&signals_, number);
            any_ = number;
        }
    }
    pthread_sigmask(SIG_BLOCK, &signals_, &signals_before_);
    if (any_ == 0) return;
    try {
        thread_ = std::thread([this] { wait(); });
    } catch (...) {
        pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
        throw;
    }
}

Interruption::~Interruption() {
    if (thread_.joinable()) {
        {
            const std::lock_guard lock(writing_);
            over_ = true;
        }
        pthread_kill(thread_.native_handle(), any_);
        thread_.join();
    }
    pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
}

void Interruption::wait() {
    int number = 0;
    sigwait(&signals_, &number);
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);  // the next one need not wait for the lock
    const std::lock_guard lock(writing_);
    if (over_) return;
    before_end_();
    kill(getpid(), number);
    pause();
}

}  // namespace command
