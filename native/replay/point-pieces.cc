#include "replay/point-pieces.h"

#include <limits.h>
#include <string.h>

#include <algorithm>
#include <functional>

#include "patch/instruction.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;

}  // namespace

bool PointPieces::begin(pid_t tid, const TraceeMemory& memory, std::span<const uint8_t> pieces, uint64_t site) {
  tid_ = tid;
  memory_ = &memory;
  site_ = site;
  siteEnd_ = site + kLongestInstruction;
  isRead_ = isPartial_ = false;
  samples_ = 0;
  pieces_.clear();
  // Room for each piece's bytes, and for what makes its offset even with its address.
  expected_.resize(pieces.size() + 16);
  size_t end = 0;
  while (!pieces.empty()) {
    uint64_t header[2];
    if (pieces.size() < sizeof header) return false;
    memcpy(header, pieces.data(), sizeof header);
    pieces = pieces.subspan(sizeof header);
    const auto [address, length] = header;
    if (length > pieces.size() || address >> 63 != 0) return false;
    const size_t offset = ((end + 7) & ~size_t{7}) + (address & 7);
    memcpy(expected_.data() + offset, pieces.data(), length);
    pieces_.push_back({address, offset, length, 0, 0, false});
    end = offset + length;
    pieces = pieces.subspan(std::min((length + 7) & ~uint64_t{7}, pieces.size()));
  }
  uses_.assign(end / 8 + 1, {});
  planReading();
  return true;
}

// Pieces that overlap or share a page become one read: what it costs is the pages, not the bytes.
void PointPieces::planReading() {
  order_.resize(pieces_.size());
  for (uint32_t i = 0; i < order_.size(); i++) order_[i] = i;
  std::ranges::sort(order_, std::ranges::less{}, [&](uint32_t index) { return pieces_[index].address; });
  remote_.clear();
  size_t total = 0;
  uint64_t end = 0;
  for (const uint32_t index : order_) {
    Piece& piece = pieces_[index];
    // Nothing of a page that no piece is in: it might not be there.
    if (remote_.empty() || piece.address > ((end - 1) | (kPage - 1)) + 1 || piece.length == 0) {
      remote_.push_back({reinterpret_cast<void*>(piece.address), 0});
      end = piece.address;
    }
    iovec& span = remote_.back();
    piece.span = static_cast<uint32_t>(remote_.size() - 1);
    const uint64_t start = reinterpret_cast<uint64_t>(span.iov_base);
    total -= span.iov_len;
    piece.nowOffset = total + (piece.address - start);
    end = std::max(end, piece.address + piece.length);
    span.iov_len = end - start;
    total += span.iov_len;
  }
  now_.resize(total);
  before_.resize(total);
}

// Fills now_ with memory as the program has it: without the jump at the site. One call of the kernel's, if all is
// there.
void PointPieces::read(std::span<const uint8_t> hidden) {
  if (isRead_) return;
  isRead_ = true;
  isPartial_ = false;
  const iovec local = {now_.data(), now_.size()};
  const bool atOnce = remote_.size() <= IOV_MAX && process_vm_readv(tid_, &local, 1, remote_.data(), remote_.size(),
                                                                    0) == static_cast<ssize_t>(now_.size());
  for (Piece& piece : pieces_) {
    piece.readable = atOnce || memory_->readAll(piece.address, now_.data() + piece.nowOffset, piece.length);
  }
  hide(hidden);
}

void PointPieces::hide(std::span<const uint8_t> hidden) {
  if (hidden.empty()) return;
  for (const Piece& piece : pieces_) {
    if (piece.address >= site_ + hidden.size() || piece.address + piece.length <= site_) continue;
    for (size_t i = 0; i < hidden.size(); i++) {
      const uint64_t at = site_ + i;
      if (at >= piece.address && at < piece.address + piece.length) {
        now_[piece.nowOffset + (at - piece.address)] = hidden[i];
      }
    }
  }
}

// What had a word that differed at the first sample. False when nothing had, or it is not all there: to read all then
// tells what is.
bool PointPieces::readDiffering() {
  someLocal_.clear();
  someRemote_.clear();
  size_t total = 0;
  uint8_t* at = now_.data();
  for (size_t i = 0; i < remote_.size(); i++) {
    const size_t length = remote_[i].iov_len;
    if (hasDiffered_[i]) {
      someLocal_.push_back({at, length});
      someRemote_.push_back(remote_[i]);
      total += length;
    }
    at += length;
  }
  if (total == 0 || someLocal_.size() > IOV_MAX) return false;
  return process_vm_readv(tid_, someLocal_.data(), someLocal_.size(), someRemote_.data(), someRemote_.size(), 0) ==
         static_cast<ssize_t>(total);
}

bool PointPieces::same(std::span<const uint8_t> hidden, uint64_t& differsAt) {
  read(hidden);
  for (const Piece& piece : pieces_) {
    const uint8_t* now = now_.data() + piece.nowOffset;
    const uint8_t* expected = expected_.data() + piece.offset;
    if (piece.readable && memcmp(now, expected, piece.length) == 0) continue;
    const auto first = std::mismatch(now, now + piece.length, expected).first;
    differsAt = piece.address + (piece.readable ? static_cast<uint64_t>(first - now) : 0);
    return false;
  }
  return true;
}

std::optional<uint64_t> PointPieces::recorded(uint64_t address) const {
  for (const Piece& piece : pieces_) {
    if (address < piece.address || address + 8 > piece.address + piece.length) continue;
    return wordAt(expected_, piece.offset + (address - piece.address));
  }
  return std::nullopt;
}

void PointPieces::sample(std::span<const uint8_t> hidden, bool all) {
  if (!isRead_ && !all && samples_ > 0 && readDiffering()) {
    isPartial_ = true;
    hide(hidden);
  } else if (!isRead_) {
    read(hidden);
  }
  if (samples_ == 0) hasDiffered_.assign(remote_.size(), false);
  for (const Piece& piece : pieces_) {
    if (isPartial_ && !hasDiffered_[piece.span]) continue;
    bool differed = false;
    eachOf(piece, [&](uint64_t, size_t at, size_t nowAt) {
      const uint64_t value = wordAt(expected_, at);
      const uint64_t now = wordAt(now_, nowAt);
      if (value == now && piece.readable) return;
      differed = true;
      Use& use = uses_[at / 8];
      use.differed++;
      if (samples_ == 0) return;
      const uint64_t before = wordAt(before_, nowAt);
      use.moved += now != before;
      const auto made = static_cast<int64_t>(now - before);
      const auto left = static_cast<int64_t>(value - now);
      use.toward += (made > 0 && left > 0) || (made < 0 && left < 0);
    });
    if (samples_ == 0 && differed) hasDiffered_[piece.span] = true;
  }
  samples_++;
  std::ranges::copy(now_, before_.begin());
}

}  // namespace rr
