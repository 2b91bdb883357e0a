// Reads a file piece by piece, and makes the hash that the store names it by.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "hash/sha256.h"

namespace rr {

using ContentHash = Sha256::Digest;

// A file of more bytes is read in pieces of so many, which begin at multiples of it.
inline constexpr uint64_t kContentPiece = 1 << 20;

// What a hash is made of (docs/trace-format.md, "The store").
enum class ContentForm {
  plain,   // all bytes
  sparse,  // the size, and the pieces that are not all zeros, each behind its offset
};

// Sparse where a whole piece of the file is a hole, so that nobody need read what is not there; else plain. `size`: of
// the file, in bytes.
ContentForm contentFormOf(int descriptor, uint64_t size);

// Gets each piece that is looked at, and whether it is all zeros; it may end the reading by giving false.
using ContentVisitor = std::function<bool(uint64_t offset, std::span<const uint8_t> piece, bool isZero)>;

// The hash of a file's first `size` bytes. Nothing when `visit` has ended it; and, with errno set, when the file cannot
// be read, or is shorter than that (ESTALE: it is changing).
std::optional<ContentHash> hashContent(int descriptor, uint64_t size, ContentForm form, const ContentVisitor& visit);

}  // namespace rr
