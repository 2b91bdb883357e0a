#include "store/piece-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tracee/descriptor.h"

namespace rr {

namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

Descriptor openFolder(const PiecePlace& place) {
  return Descriptor(openat(place.pieces, place.folder.c_str(), kFolderFlags));
}

// The regular file, and what it is like; else none, with errno set.
Descriptor openPiece(int folder, const std::string& name, struct stat& status) {
  Descriptor file(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  // A link; a socket.
  if (!file && (errno == ELOOP || errno == ENXIO)) errno = EMEDIUMTYPE;
  if (!file || fstat(file.number(), &status) != 0) return Descriptor(-1);
  if (S_ISREG(status.st_mode)) return file;
  errno = EMEDIUMTYPE;
  return Descriptor(-1);
}

// Opens the folder, made where it is not there.
Descriptor madeFolder(const PiecePlace& place) {
  Descriptor folder = openFolder(place);
  if (folder || errno != ENOENT) return folder;
  struct stat parent;
  if (fstat(place.pieces, &parent) != 0) return Descriptor(-1);
  const mode_t rights = parent.st_mode & 07777;
  const bool isNew = mkdirat(place.pieces, place.folder.c_str(), rights & 0777) == 0;
  if (!isNew && errno != EEXIST) return Descriptor(-1);
  folder = openFolder(place);
  // The umask may have taken some.
  if (folder && isNew && fchmod(folder.number(), rights) != 0) return Descriptor(-1);
  return folder;
}

bool writeTemporary(int root, const std::string& temporary, std::span<const uint8_t> bytes, mode_t rights) {
  const Descriptor file(openat(root, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  return file && writeAll(file.number(), bytes) && fchmod(file.number(), rights) == 0;
}

}  // namespace

ssize_t readPiece(const PiecePlace& place, std::span<uint8_t> into, mode_t& mode) {
  const Descriptor folder = openFolder(place);
  if (!folder) return -1;
  struct stat status;
  const Descriptor file = openPiece(folder.number(), place.name, status);
  if (!file) return -1;
  mode = status.st_mode & 07777;
  size_t done = 0;
  while (done < into.size()) {
    const ssize_t count = read(file.number(), into.data() + done, into.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  return static_cast<ssize_t>(done);
}

int putPiece(int root, const std::string& temporary, const PiecePlace& place, std::span<const uint8_t> bytes,
             mode_t rights) {
  const Descriptor folder = madeFolder(place);
  if (!folder) return -1;
  const bool isPlaced = writeTemporary(root, temporary, bytes, rights) &&
                        renameat(root, temporary.c_str(), folder.number(), place.name.c_str()) == 0;
  if (isPlaced) return 0;
  const int reason = errno;
  unlinkat(root, temporary.c_str(), 0);
  errno = reason;
  return -1;
}

int settlePiece(const PiecePlace& place, mode_t mark, bool sync) {
  const Descriptor folder = openFolder(place);
  if (!folder) return -1;
  struct stat status;
  const Descriptor file = openPiece(folder.number(), place.name, status);
  if (!file) return -1;
  // The piece, its name, and that of a folder that may be new.
  if (sync && (fsync(file.number()) != 0 || fsync(folder.number()) != 0 || fsync(place.pieces) != 0)) return -1;
  if (status.st_uid != geteuid()) return 0;
  return fchmod(file.number(), status.st_mode & 0777 & ~mark);
}

}  // namespace rr
