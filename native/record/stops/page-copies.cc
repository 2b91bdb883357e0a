#include "record/stops/page-copies.h"

#include <string.h>

#include <algorithm>

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;
// Where more was written since the last time, nothing is looked at. Bytes.
constexpr uint64_t kMostWritten = 512 * kPage;
// Where more was written, or more pages are new, it takes long, or all of them are given. Bytes; pages.
constexpr uint64_t kShort = 64 * kPage;
constexpr size_t kFewNew = 12;
// So many pages are kept.
constexpr size_t kMostCopies = 1024;
// Pages seen for the first time that are given whole when they are no more than this. Bytes.
constexpr size_t kFewPages = 24 * kPage;
// Granularity of what has changed, and how much of it is given. Bytes.
constexpr size_t kLine = 32;
constexpr size_t kMostChanged = 8192;

// Runs of lines that differ, from `from` on: what lies before it may be dead.
std::vector<PageCopies::Piece> differences(uint64_t address, const uint8_t* before, const uint8_t* now, size_t from) {
  std::vector<PageCopies::Piece> pieces;
  size_t length = 0;
  for (size_t at = from; at < kPage; at += length) {
    length = kLine - at % kLine;
    if (memcmp(before + at, now + at, length) == 0) continue;
    const uint64_t start = address + at;
    if (pieces.empty() || pieces.back().address + pieces.back().bytes.size() != start) pieces.push_back({start, {}});
    pieces.back().bytes.insert(pieces.back().bytes.end(), now + at, now + at + length);
  }
  return pieces;
}

size_t sizeOf(const std::vector<PageCopies::Piece>& pieces) {
  size_t size = 0;
  for (const PageCopies::Piece& piece : pieces) size += piece.bytes.size();
  return size;
}

}  // namespace

bool PageCopies::tellAll(std::span<const PageRun> runs) const {
  if (totalOf(runs) > kShort) return false;
  size_t fresh = 0;
  for (const PageRun& run : runs) {
    for (uint64_t page = run.start & ~(kPage - 1); page < run.end; page += kPage) fresh += !pages_.contains(page);
  }
  return fresh <= kFewNew;
}

std::vector<PageCopies::Piece> PageCopies::changed(const TraceeMemory& memory, std::span<const PageRun> runs) {
  if (totalOf(runs) > kMostWritten) return {};
  std::vector<std::vector<Piece>> changed;
  std::vector<Piece> fresh;
  if (pages_.size() > kMostCopies) pages_.clear();
  for (const PageRun& run : runs) {
    // A run may begin amid a page, where what lies below is dead.
    for (uint64_t start = run.start; start < run.end; start = (start | (kPage - 1)) + 1) {
      const uint64_t page = start & ~(kPage - 1);
      std::array<uint8_t, kPage> now;
      if (!memory.readAll(page, now.data(), kPage)) continue;
      const size_t from = start - page;
      const auto [entry, isNew] = pages_.try_emplace(page, now);
      if (isNew) {
        fresh.push_back({start, {now.begin() + static_cast<ptrdiff_t>(from), now.end()}});
        continue;
      }
      changed.push_back(differences(page, entry->second.data(), now.data(), from));
      entry->second = now;
    }
  }
  std::ranges::stable_sort(changed, std::ranges::less{}, sizeOf);
  std::vector<Piece> pieces;
  size_t left = kMostChanged;
  for (std::vector<Piece>& page : changed) {
    for (Piece& piece : page) {
      if (piece.bytes.size() > left) return pieces;
      left -= piece.bytes.size();
      pieces.push_back(std::move(piece));
    }
  }
  if (sizeOf(fresh) > kFewPages) return pieces;
  std::ranges::move(fresh, std::back_inserter(pieces));
  return pieces;
}

}  // namespace rr
