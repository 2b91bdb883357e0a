#include "record/files/file-content.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace rr {

namespace {

bool isZero(std::span<const uint8_t> bytes) {
  return bytes[0] == 0 && memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

bool readAll(int descriptor, uint64_t offset, std::span<uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count =
        pread(descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = ESTALE;
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

// Where the next data of the file lies from `offset` on: `size` when all that follows is a hole, `offset` where nobody
// knows.
uint64_t nextData(int descriptor, uint64_t offset, uint64_t size) {
  const off_t data = lseek(descriptor, static_cast<off_t>(offset), SEEK_DATA);
  if (data < 0) return errno == ENXIO ? size : offset;
  return std::min(static_cast<uint64_t>(data), size);
}

uint64_t startOfPiece(uint64_t offset) { return offset - offset % kContentPiece; }

void addNumber(Sha256& digest, uint64_t number) {
  uint8_t bytes[sizeof number];
  memcpy(bytes, &number, sizeof number);
  digest.add(bytes);
}

}  // namespace

ContentForm contentFormOf(int descriptor, uint64_t size) {
  for (uint64_t offset = 0; offset < size;) {
    const off_t hole = lseek(descriptor, static_cast<off_t>(offset), SEEK_HOLE);
    if (hole < 0 || static_cast<uint64_t>(hole) >= size) break;
    const uint64_t data = nextData(descriptor, static_cast<uint64_t>(hole), size);
    const uint64_t firstPiece = startOfPiece(static_cast<uint64_t>(hole) + kContentPiece - 1);
    if (firstPiece + kContentPiece <= data) return ContentForm::sparse;
    offset = std::max(data, static_cast<uint64_t>(hole) + 1);
  }
  return ContentForm::plain;
}

std::optional<ContentHash> hashContent(int descriptor, uint64_t size, ContentForm form, const ContentVisitor& visit) {
  constexpr char kHead[] = "rr sparse file\n";
  Sha256 digest;
  if (form == ContentForm::sparse) {
    digest.add({reinterpret_cast<const uint8_t*>(kHead), sizeof kHead - 1});
    addNumber(digest, size);
  }
  std::vector<uint8_t> buffer(std::min(size, kContentPiece));
  for (uint64_t offset = 0; offset < size; offset += kContentPiece) {
    const uint64_t data = nextData(descriptor, offset, size);
    if (form == ContentForm::sparse) {
      if (data == size) break;
      offset = startOfPiece(data);
    }
    const std::span<uint8_t> piece = std::span(buffer).first(std::min(kContentPiece, size - offset));
    if (data >= offset + piece.size()) {
      // The kernel would keep pages of zeros for what is read of a hole.
      std::ranges::fill(piece, 0);
    } else if (!readAll(descriptor, offset, piece)) {
      return std::nullopt;
    }
    const bool zero = isZero(piece);
    if (form == ContentForm::sparse && !zero) addNumber(digest, offset);
    if (form == ContentForm::plain || !zero) digest.add(piece);
    if (!visit(offset, piece, zero)) return std::nullopt;
  }
  return digest.finish();
}

}  // namespace rr
