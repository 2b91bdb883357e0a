#include "record/file-store.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cinttypes>
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

// Reads a whole file; false when it is shorter than it was said to be (it is changing) or cannot be read.
bool readWhole(int descriptor, std::vector<uint8_t>& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = pread(descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = ESTALE;
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
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
  static unsigned counter = 0;
  const std::string temporary = path + "." + std::to_string(getpid()) + "." + std::to_string(counter++) + ".tmp";
  int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail("cannot create", temporary);
  bool good = writeAll(descriptor, bytes, length) || fail("cannot write", temporary);
  if (close(descriptor) != 0 && good) good = fail("cannot write", temporary);
  if (good && rename(temporary.c_str(), path.c_str()) != 0) good = fail("cannot rename", temporary);
  if (!good) unlink(temporary.c_str());
  return good;
}

std::optional<ContentHash> FileStore::putBytes(const void* bytes, size_t length) {
  ContentHash hash;
  unsigned hashLength = 0;
  if (EVP_Digest(bytes, length, hash.data(), &hashLength, EVP_sha256(), nullptr) != 1 || hashLength != hash.size()) {
    error_ = "SHA-256 is not available from Node's OpenSSL";
    return std::nullopt;
  }
  const std::string name = hexadecimal(hash);
  const std::string folder = directory_ + "/" + name.substr(0, 2);
  const std::string path = folder + "/" + name.substr(2);
  struct stat there;
  if (stat(path.c_str(), &there) == 0 && static_cast<size_t>(there.st_size) == length) return hash;
  if (!makeDirectory(directory_) || !makeDirectory(folder) || !writeBlob(path, bytes, length)) return std::nullopt;
  return hash;
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
  std::vector<uint8_t> content(static_cast<size_t>(identity.st_size));
  if (!readWhole(descriptor, content)) {
    fail("cannot read a file that the program maps", "for the store");
    return std::nullopt;
  }
  auto put = putBytes(content.data(), content.size());
  if (put && settled) {
    known_[key] = *put;
    // A missing identity only costs the next recording time.
    if (makeDirectory(directory_ + "/by-id")) writeBlob(identityPath, hexadecimal(*put).data(), 64);
  }
  return put;
}

}  // namespace rr
