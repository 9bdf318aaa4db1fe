// Runs a program as a shell would and keeps what it says.
#pragma once

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "tests/support/temporary_directory.h"

extern char **environ;

namespace vit::test {

struct Outcome {
    int status;  // exit status; 128 + signal if one ended it
    std::string out, err;
};

inline std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path);
    return std::string((std::istreambuf_iterator<char>(file)), {});
}

// Starts a program with its three streams opened from and to files; returns its exit status.
inline int run_between(const std::vector<std::string> &arguments, const std::string &in,
                       const std::string &out, const std::string &err) {
    std::vector<char *> argv;
    for (const std::string &argument : arguments) argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t streams;
    posix_spawn_file_actions_init(&streams);
    posix_spawn_file_actions_addopen(&streams, 0, in.c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&streams, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_addopen(&streams, 2, err.c_str(), O_WRONLY | O_CREAT, 0600);
    pid_t child = 0;
    const int error = posix_spawnp(&child, argv[0], &streams, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&streams);
    if (error) throw std::runtime_error(arguments[0] + ": " + std::strerror(error));
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) throw std::runtime_error(std::string("waitpid: ") + std::strerror(errno));
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Runs a program to its end with `input` on its standard input.
inline Outcome run(const std::vector<std::string> &arguments, const std::string &input = {}) {
    const TemporaryDirectory streams;
    streams.write("in", input);
    const int status = run_between(arguments, streams.file("in"), streams.file("out"), streams.file("err"));
    return {status, read_file(streams.file("out")), read_file(streams.file("err"))};
}

// The command vit and what runs it, if it was built for another machine.
inline std::vector<std::string> vit_command() {
    std::vector<std::string> words;
    std::istringstream list(VIT_COMMAND);
    for (std::string word; std::getline(list, word, '|');) words.push_back(word);
    return words;
}

// Runs the command vit with these arguments.
inline Outcome vit_command(std::vector<std::string> arguments, const std::string &input = {}) {
    const std::vector<std::string> command = vit_command();
    arguments.insert(arguments.begin(), command.begin(), command.end());
    return run(arguments, input);
}

}  // namespace vit::test
