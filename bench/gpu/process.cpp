#include "bench/gpu/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <sstream>
#include <thread>

namespace vit::bench {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

[[noreturn]] void become(const Job &job) {
    setpgid(0, 0);  // what it starts ends with it
    const int log = open(job.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, 0);
    dup2(log, 1);
    dup2(log, 2);
    for (const auto &[name, value] : job.environment) {
        setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<char *> words;
    for (const std::string &word : job.command) {
        words.push_back(const_cast<char *>(word.c_str()));
    }
    words.push_back(nullptr);
    execvp(words[0], words.data());
    _exit(127);
}

}  // namespace

std::string Outcome::text() const {
    if (timed_out) {
        return "no end within " + std::to_string(static_cast<int>(seconds)) + " s";
    }
    return status == 0     ? "ok"
           : status == 127 ? "could not be started"
           : status > 128  ? "ended by signal " + std::to_string(status - 128)
                           : "exit status " + std::to_string(status);
}

Outcome run(const Job &job) {
    Outcome outcome;
    const auto start = Clock::now();
    const pid_t child = fork();
    if (child == 0) {
        become(job);
    }
    if (child < 0) {
        outcome.status = 127;
        return outcome;
    }
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (seconds_since(start) > job.seconds) {
            outcome.timed_out = true;
            kill(-child, SIGKILL);
            kill(child, SIGKILL);  // if it has no group of its own yet
            waitpid(child, &status, 0);
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    kill(-child, SIGKILL);
    outcome.seconds = seconds_since(start);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return outcome;
}

std::vector<Outcome> run_all(const std::vector<Job> &jobs, int at_once) {
    std::vector<Outcome> outcomes(jobs.size());
    std::size_t next = 0;
    std::mutex mutex;
    std::vector<std::jthread> threads;
    for (int i = 0; i < at_once; i++) {
        threads.emplace_back([&] {
            while (true) {
                std::size_t mine;
                {
                    const std::lock_guard lock(mutex);
                    if (next == jobs.size()) return;
                    mine = next++;
                }
                outcomes[mine] = run(jobs[mine]);
            }
        });
    }
    threads.clear();
    return outcomes;
}

std::string find_program(const std::string &name, const std::vector<std::string> &more) {
    const char *path = std::getenv("PATH");
    std::vector<std::string> directories;
    std::istringstream words(path ? path : "");
    for (std::string directory; std::getline(words, directory, ':');) {
        directories.push_back(directory);
    }
    directories.insert(directories.end(), more.begin(), more.end());
    for (const std::string &directory : directories) {
        const std::string file = directory + "/" + name;
        if (access(file.c_str(), X_OK) == 0 && !std::filesystem::is_directory(file)) {
            return file;
        }
    }
    return {};
}

std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace vit::bench
