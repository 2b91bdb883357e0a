// Prints the SHA-256 of each file named, by the processor's instructions (where it has them) and without, added in
// pieces of all lengths, as `HASH HASH FILE`; then MB/s of both.
#include "hash/sha256.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::string hashOf(const std::vector<uint8_t>& content, bool portable) {
  rr::Sha256 hash(portable);
  size_t at = 0;
  for (size_t piece = 0; at < content.size(); piece = (piece + 1) % 200) {
    const size_t length = std::min(piece, content.size() - at);
    hash.add({content.data() + at, length});
    at += length;
  }
  std::string text;
  char digits[3];
  for (const uint8_t byte : hash.finish()) {
    snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

double speedOf(bool portable) {
  const std::vector<uint8_t> block(16 << 20);
  const auto before = std::chrono::steady_clock::now();
  rr::Sha256 hash(portable);
  hash.add(block);
  hash.finish();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  return static_cast<double>(block.size()) / 1e6 / took.count();
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::vector<uint8_t> content((std::istreambuf_iterator<char>(file)), {});
    printf("%s %s %s\n", hashOf(content, false).c_str(), hashOf(content, true).c_str(), argv[i]);
  }
  printf("%.0f MB/s, %.0f without instructions for it\n", speedOf(false), speedOf(true));
  return 0;
}
