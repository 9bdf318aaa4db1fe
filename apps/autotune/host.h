// The machine that candidates are tried on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vit::autotune {

// Bytes of the data caches that a core has to itself, the smallest first; those that the system tells of.
std::vector<std::size_t> private_caches();

// "AMD EPYC (family 25, model 1), L1d 32 KiB, L2 512 KiB, L3 32 MiB"
std::string machine_text();

// Of a file's content (FNV-1a, 64 bits, hexadecimal); empty if it can't be read.
std::string hash_of_file(const std::string &path);
std::string hash_of_text(const std::string &text);

}  // namespace vit::autotune
