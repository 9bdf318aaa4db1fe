// Runs this project on one case of the side-by-side bench and answers commands, as worker.py does
// for a peer.
//
//     bench_worker MODEL THREADS BATCH [BACKEND [PRECISION]]
//
// MODEL is a directory that make_model.py made, BACKEND another than the first that runs here (as "" does),
// PRECISION another than f32. Says "ready JSON" on stdout when the model is loaded and warm; then answers
// each line of stdin with one line:
//
//     run            one forward pass, from pixels in the caller's memory to logits; its milliseconds
//     logits FILE    writes the logits as float32 [batch, labels]; "ok"
//     prepare FILE   a picture from the file to the network's input, as a draft with "draft FILE"; its
//                    milliseconds
//     peak           GFLOP/s that as many threads reach with multiply-adds in registers, at this moment
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <vit/fields.h>
#include <vit/vit.h>

#include "apps/peak/machine_peak.h"

namespace {

constexpr int warm_up = 3;  // forward passes, as many as worker.py gives the peers

void require(bool condition, const std::string &message) {
    if (!condition) throw std::runtime_error(message);
}

template<typename T>
T value_of(vit::Result<T> result) {
    require(result.has_value(), result ? "" : result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// The first `count` values of a file of float32 in this machine's order.
std::vector<float> read_floats(const std::string &path, std::size_t count) {
    std::vector<float> values(count);
    std::ifstream file(path, std::ios::binary);
    const auto bytes = static_cast<std::streamsize>(count * sizeof(float));
    require(static_cast<bool>(file.read(reinterpret_cast<char *>(values.data()), bytes)),
            path + " has less than " + std::to_string(bytes) + " bytes or cannot be read");
    return values;
}

void write_floats(const std::string &path, const std::vector<float> &values) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char *>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(float)));
    require(static_cast<bool>(file.flush()), path + " cannot be written");
}

class Worker {
public:
    Worker(const std::string &directory, int threads, int batch, const std::string &backend,
           vit::Precision precision)
        : batch_(batch),
          model_(value_of(vit::Model::load(directory, {.backend = backend, .precision = precision}))),
          session_(value_of(vit::Session::create(model_, {.threads = threads, .max_batch = batch}))),
          preprocessor_(value_of(vit::Preprocessor::create(model_, threads))) {
        const vit::Architecture &a = model_.architecture();
        const auto images = static_cast<std::size_t>(batch);
        const std::size_t values = images * a.channels * a.image_height * a.image_width;
        pixels_ = read_floats(directory + "/pixels.f32", values);
        logits_.resize(images * a.labels);
        for (int i = 0; i < warm_up; i++) {
            forward();
        }
    }

    std::string ready() const {
        const vit::BackendInfo &backend = model_.backend();
        char text[1024];
        std::snprintf(text, sizeof text,
                      "ready {\"versions\": {\"vit\": \"%s\"}, \"configuration\": \"backend %s: %s\", "
                      "\"gflop\": %.9g, \"peak_instructions\": \"%s\"}",
                      vit::version(), backend.name.c_str(), backend.target.c_str(),
                      vit::flop(model_.architecture()) * batch_ / 1e9, command::peak_instructions().c_str());
        return text;
    }

    std::string answer(const std::string &line) {
        const std::size_t space = line.find(' ');
        const std::string verb = line.substr(0, space);
        if (verb == "run") {
            return milliseconds([&] { forward(); });
        }
        if ((verb == "prepare" || verb == "draft") && space != std::string::npos) {
            return milliseconds([&] { prepare(line.substr(space + 1), verb == "draft"); });
        }
        if (verb == "logits" && space != std::string::npos) {
            forward();
            write_floats(line.substr(space + 1), logits_);
            return "ok";
        }
        require(verb == "peak", "unknown command: " + line);
        return std::to_string(command::measure_peak(session_.threads()) / 1e9);
    }

private:
    template<typename Work>
    static std::string milliseconds(Work work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
        return std::to_string(taken.count());
    }

    // In the place of the first of the batch.
    void prepare(const std::string &path, bool draft) {
        const vit::ImageOptions options = draft ? model_.draft() : vit::ImageOptions{};
        value_of(preprocessor_.read(path, options, pixels_.data()));
    }

    void forward() {
        value_of(session_.forward(pixels_.data(), batch_, logits_.data()));
    }

    int batch_;
    vit::Model model_;
    vit::Session session_;
    vit::Preprocessor preprocessor_;
    std::vector<float> pixels_;  // [batch, channels, height, width]
    std::vector<float> logits_;  // [batch, labels]
};

}  // namespace

int main(int argc, char **argv) {
    try {
        require(argc >= 4 && argc <= 6, "usage: bench_worker MODEL THREADS BATCH [BACKEND [PRECISION]]");
        const auto precision = vit::value_named<vit::Precision>(argc == 6 ? argv[5] : "f32");
        require(precision.has_value(), "unknown precision");
        Worker worker(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), argc >= 5 ? argv[4] : "", *precision);
        std::cout << worker.ready() << std::endl;
        for (std::string line; std::getline(std::cin, line);) {
            std::cout << worker.answer(line) << std::endl;
        }
    } catch (const std::exception &error) {
        std::cerr << "bench_worker: " << error.what() << "\n";
        return 1;
    }
}
