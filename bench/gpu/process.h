// Other programs, each with a time of its own.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace vit::bench {

struct Outcome {
    int status = -1;  // of exit; 128 + N for signal N; 127 if it could not be started
    bool timed_out = false;
    double seconds = 0;

    bool ok() const { return status == 0; }
    // "ok", "exit status 1", "ended by signal 11", "no end within 60 s"
    std::string text() const;
};

struct Job {
    std::vector<std::string> command;
    std::string log;  // what it prints, appended
    double seconds;   // then it is ended, with all that it started
    std::map<std::string, std::string> environment = {};
};

Outcome run(const Job &job);
// Several at once, in the order of their beginning.
std::vector<Outcome> run_all(const std::vector<Job> &jobs, int at_once);

// Where a program is, along PATH and then in the directories given; empty if nowhere.
std::string find_program(const std::string &name, const std::vector<std::string> &more = {});
std::string read_file(const std::string &path);

}  // namespace vit::bench
