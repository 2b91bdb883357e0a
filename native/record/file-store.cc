#include "record/file-store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <span>
#include <vector>

namespace rr {

namespace {

// A file changed less than this before it was looked at could change again within the same time stamp, unseen: its
// identity is not remembered. Nanoseconds; covers file systems that store whole seconds, and two-second ones.
constexpr int64_t kRacy = 2'000'000'000;

int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

std::string hexadecimal(const ContentHash& hash) {
  std::string text;
  char digits[3];
  for (uint8_t byte : hash) {
    snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

bool parseHash(const char* text, ContentHash& hash) {
  for (uint8_t& byte : hash) {
    unsigned value;
    if (sscanf(text, "%2x", &value) != 1) return false;
    byte = static_cast<uint8_t>(value);
    text += 2;
  }
  return true;
}

bool writeAll(int descriptor, const void* bytes, size_t length) {
  const char* at = static_cast<const char*>(bytes);
  while (length > 0) {
    ssize_t count = write(descriptor, at, length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    length -= static_cast<size_t>(count);
  }
  return true;
}

// Fills `bytes` from `offset` on; false when the file is shorter than it was said to be (it is changing) or cannot be
// read.
bool readAll(int descriptor, uint64_t offset, std::span<uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = pread(descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = ESTALE;
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

// A file of more bytes is read in pieces of so many.
constexpr uint64_t kPiece = 1 << 20;

bool isZero(std::span<const uint8_t> bytes) {
  return bytes[0] == 0 && memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

// How many bytes from `offset` on, kPiece at most, are a hole of the file: 0 where there is data, or nobody knows.
uint64_t holeAt(int descriptor, uint64_t offset, uint64_t size) {
  const off_t data = lseek(descriptor, static_cast<off_t>(offset), SEEK_DATA);
  if (data < 0) return errno == ENXIO ? std::min(size - offset, kPiece) : 0;
  return std::min({static_cast<uint64_t>(data), size, offset + kPiece}) - offset;
}

bool holds(const std::string& path, uint64_t size) {
  struct stat there;
  return stat(path.c_str(), &there) == 0 && static_cast<uint64_t>(there.st_size) == size;
}

}  // namespace

FileStore::FileStore(std::string directory) : directory_(std::move(directory)) {}

bool FileStore::fail(const char* what, const std::string& path) {
  error_ = std::string(what) + " " + path + ": " + strerror(errno);
  return false;
}

bool FileStore::makeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return true;
  return fail("cannot make the store's directory", path);
}

bool FileStore::writeBlob(const std::string& path, const void* bytes, size_t length) {
  const std::string temporary = temporaryName();
  int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail("cannot create", temporary);
  const bool written = writeAll(descriptor, bytes, length) || fail("cannot write", temporary);
  return finishBlob(descriptor, temporary, path, written);
}

std::string FileStore::temporaryName() const {
  static unsigned counter = 0;
  return directory_ + "/" + std::to_string(getpid()) + "." + std::to_string(counter++) + ".tmp";
}

// Closes the file, and gives it its name if it is `good`.
bool FileStore::finishBlob(int descriptor, const std::string& temporary, const std::string& path, bool good) {
  if (close(descriptor) != 0 && good) good = fail("cannot write", temporary);
  if (good && rename(temporary.c_str(), path.c_str()) != 0) good = fail("cannot rename", temporary);
  if (!good) unlink(temporary.c_str());
  return good;
}

// The path of a content, whose folder is there then; empty when it cannot be made.
std::string FileStore::pathFor(const ContentHash& hash) {
  const std::string name = hexadecimal(hash);
  const std::string folder = directory_ + "/" + name.substr(0, 2);
  return makeDirectory(directory_) && makeDirectory(folder) ? folder + "/" + name.substr(2) : std::string();
}

std::optional<ContentHash> FileStore::putBytes(const void* bytes, size_t length) {
  Sha256 digest;
  digest.add({static_cast<const uint8_t*>(bytes), length});
  const ContentHash hash = digest.finish();
  const std::string path = pathFor(hash);
  if (path.empty() || (!holds(path, length) && !writeBlob(path, bytes, length))) return std::nullopt;
  return hash;
}

// In pieces, and with holes for what is zero: a file may be larger than memory, and mostly empty.
std::optional<ContentHash> FileStore::putFile(int descriptor, uint64_t size) {
  if (!makeDirectory(directory_)) return std::nullopt;
  const std::string temporary = temporaryName();
  const int copy = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (copy < 0) return fail("cannot create", temporary), std::nullopt;
  Sha256 digest;
  if (!copyPieces(descriptor, size, copy, temporary, digest)) {
    finishBlob(copy, temporary, {}, false);
    return std::nullopt;
  }
  const ContentHash hash = digest.finish();
  const std::string path = pathFor(hash);
  const bool known = path.empty() || holds(path, size);
  const bool finished = finishBlob(copy, temporary, path, !known);
  return path.empty() || (!known && !finished) ? std::nullopt : std::optional(hash);
}

bool FileStore::copyPieces(int descriptor, uint64_t size, int copy, const std::string& name, Sha256& digest) {
  std::vector<uint8_t> piece(kPiece);
  const std::vector<uint8_t> zeros(kPiece);
  if (ftruncate(copy, static_cast<off_t>(size)) != 0) return fail("cannot write", name);
  for (uint64_t offset = 0; offset < size;) {
    if (const uint64_t hole = holeAt(descriptor, offset, size)) {
      digest.add(std::span(zeros).first(hole));
      offset += hole;
      continue;
    }
    const std::span<uint8_t> part = std::span(piece).first(std::min(kPiece, size - offset));
    if (!readAll(descriptor, offset, part)) return fail("cannot read a file that the program maps", "for the store");
    digest.add(part);
    if (!isZero(part) &&
        (lseek(copy, static_cast<off_t>(offset), SEEK_SET) < 0 || !writeAll(copy, part.data(), part.size()))) {
      return fail("cannot write", name);
    }
    offset += part.size();
  }
  return true;
}

std::optional<ContentHash> FileStore::put(int descriptor, const struct stat& identity, bool fresh) {
  const int64_t modified = nanoseconds(identity.st_mtim);
  const int64_t changed = nanoseconds(identity.st_ctim);
  const Identity key{identity.st_dev, identity.st_ino, identity.st_size, modified, changed};
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  const bool settled = !fresh && nanoseconds(time) - std::max(modified, changed) > kRacy;
  ContentHash hash;
  char name[160];
  snprintf(name, sizeof name, "/by-id/%" PRIx64 "-%" PRIu64 "-%" PRId64 "-%" PRId64 "-%" PRId64,
           static_cast<uint64_t>(identity.st_dev), static_cast<uint64_t>(identity.st_ino),
           static_cast<int64_t>(identity.st_size), modified, changed);
  const std::string identityPath = directory_ + name;
  if (settled) {
    if (auto found = known_.find(key); found != known_.end()) return found->second;
    char text[65] = "";
    int file = open(identityPath.c_str(), O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      const ssize_t got = read(file, text, 64);
      close(file);
      struct stat blob;
      if (got == 64 && parseHash(text, hash)) {
        const std::string path = directory_ + "/" + std::string(text, 2) + "/" + std::string(text + 2, 62);
        if (stat(path.c_str(), &blob) == 0 && blob.st_size == identity.st_size) {
          known_[key] = hash;
          return hash;
        }
      }
    }
  }
  const auto size = static_cast<uint64_t>(identity.st_size);
  std::optional<ContentHash> put;
  if (size > kPiece) {
    put = putFile(descriptor, size);
  } else {
    std::vector<uint8_t> content(size);
    if (!readAll(descriptor, 0, content)) {
      fail("cannot read a file that the program maps", "for the store");
      return std::nullopt;
    }
    put = putBytes(content.data(), content.size());
  }
  if (put && settled) {
    known_[key] = *put;
    // A missing identity only costs the next recording time.
    if (makeDirectory(directory_ + "/by-id")) writeBlob(identityPath, hexadecimal(*put).data(), 64);
  }
  return put;
}

}  // namespace rr
