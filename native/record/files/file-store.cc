#include "record/files/file-store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <span>
#include <vector>

#include "tracee/descriptor.h"

namespace rr {

namespace {

// A file changed less than this before it was looked at could change again within the same time stamp, unseen: its
// identity is not remembered. Nanoseconds; covers file systems that store whole seconds, and two-second ones.
constexpr int64_t kRacy = 2'000'000'000;
// The same where the stamps are those of the kernel's tick, which comes each 10 ms or more often.
constexpr int64_t kRacyTick = 40'000'000;

int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

std::string hexadecimal(std::span<const uint8_t> bytes) {
  std::string text;
  char digits[3];
  for (uint8_t byte : bytes) {
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

// What a store's own files may be read by: whoever may look into it.
constexpr mode_t kReadable = 0444;

// Whether a stored file has that content. A crash or a full disk may have left one that has its size alone.
bool hasContent(int descriptor, uint64_t size, const ContentHash& hash, ContentForm form) {
  return hashContent(descriptor, size, form, [](uint64_t, std::span<const uint8_t>, bool) { return true; }) == hash;
}

// Whether the file system takes a file's times from the kernel's clock, tick by tick. Others have coarser ones, or
// another machine's.
bool hasFineTimes(int descriptor) {
  struct statfs system;
  if (fstatfs(descriptor, &system) != 0) return false;
  constexpr long kFine[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC};
  return std::ranges::find(kFine, system.f_type) != std::end(kFine);
}

int64_t realTime() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return nanoseconds(time);
}

bool isOld(int64_t modified, int64_t changed, int64_t time) { return time - std::max(modified, changed) > kRacy; }

// Whether a file that had that identity at `time` (nanoseconds of CLOCK_REALTIME) has it no more after any change.
bool isSettled(int descriptor, int64_t modified, int64_t changed, int64_t time) {
  const int64_t age = time - std::max(modified, changed);
  // Old ext4 inodes have no room for more than seconds.
  const bool inSeconds = modified % 1'000'000'000 == 0 || changed % 1'000'000'000 == 0;
  return isOld(modified, changed, time) || (age > kRacyTick && !inSeconds && hasFineTimes(descriptor));
}

// What changes with any change to a stored file.
std::string identityText(const struct stat& blob) {
  char text[120];
  snprintf(text, sizeof text, "%" PRIu64 "-%" PRId64 "-%" PRId64 "-%" PRId64, static_cast<uint64_t>(blob.st_ino),
           static_cast<int64_t>(blob.st_size), nanoseconds(blob.st_mtim), nanoseconds(blob.st_ctim));
  return text;
}

// The mode of a stored file: not wider than that of the file that it is of. `gid`: the stored file's group.
mode_t modeOf(const struct stat& original, gid_t gid) {
  mode_t mode = original.st_mode & 0755;
  // The group of the original may have been let in where another has not.
  if (original.st_gid != gid) mode = (mode & ~mode_t{070}) | ((mode & 07) << 3 & 050);
  return mode | 0400;
}

// Written by the user, or by root: what is in it is believed.
bool isTrusted(int descriptor) {
  struct stat status;
  return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_uid == geteuid() || status.st_uid == 0);
}

}  // namespace

// A file that is being written, without a name of its own yet.
struct FileStore::Draft {
  Descriptor file;
  std::string name;
};

FileStore::FileStore(std::string directory, std::string registration)
    : directory_(std::move(directory)), registration_(std::move(registration)) {}

FileStore::~FileStore() {
  if (root_ >= 0) close(root_);
}

bool FileStore::fail(const char* what, const std::string& name) {
  error_ = std::string(what) + " " + directory_ + "/" + name + ": " + strerror(errno);
  return false;
}

// Opens the store's directory; its rights are those of the folders in it.
bool FileStore::openRoot() {
  if (root_ >= 0) return true;
  root_ = open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat status;
  if (root_ < 0 || fstat(root_, &status) != 0) return fail("cannot open the store's directory", "");
  folderMode_ = status.st_mode & 07777;
  return true;
}

// A folder in the store, made when it is not there; -1 when that fails. Others may write to a store that is shared: no
// link is followed.
int FileStore::openFolder(const std::string& name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int folder = openat(root_, name.c_str(), kFlags);
  if (folder >= 0 || errno != ENOENT) return folder;
  const bool made = mkdirat(root_, name.c_str(), folderMode_ & 0777) == 0;
  if (!made && errno != EEXIST) return -1;
  folder = openat(root_, name.c_str(), kFlags);
  if (made && folder >= 0) {
    fchmod(folder, folderMode_);
    fsync(root_);
  }
  return folder;
}

// Random: processes of two containers that share a store may have the same number.
std::optional<FileStore::Draft> FileStore::makeDraft() {
  std::array<uint8_t, 16> random;
  std::string name;
  if (getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size())) {
    name = hexadecimal(random) + ".tmp";
    Descriptor file(openat(root_, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file) return Draft{std::move(file), name};
  }
  fail("cannot create", name);
  return std::nullopt;
}

void FileStore::drop(const Draft& draft) { unlinkat(root_, draft.name.c_str(), 0); }

// Gives the draft its name in the folder: it is on the disk before, and the name afterwards.
bool FileStore::name(const Draft& draft, int folder, const std::string& folderName, const std::string& name) {
  if (fsync(draft.file.number()) != 0 && errno != EINVAL && errno != ENOSYS) {
    fail("cannot write", draft.name);
    drop(draft);
    return false;
  }
  if (renameat(root_, draft.name.c_str(), folder, name.c_str()) != 0) {
    fail("cannot rename a file to", folderName + "/" + name);
    drop(draft);
    return false;
  }
  fsync(folder);
  return true;
}

// Whether the file of that name has the content. It gets the rights of `original` as well, where it had fewer.
bool FileStore::holds(const Place& place, uint64_t size, const ContentHash& hash, ContentForm form,
                      const struct stat& original) {
  const Descriptor blob(
      openat(place.folder.number(), place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat there;
  if (!blob || fstat(blob.number(), &there) != 0 || !S_ISREG(there.st_mode)) return false;
  if (static_cast<uint64_t>(there.st_size) != size) return false;
  if (right_[hash] != identityText(there) && !hasContent(blob.number(), size, hash, form)) return false;
  const mode_t wanted = modeOf(original, there.st_gid);
  // Another user's file keeps its own.
  if ((there.st_mode & wanted) != wanted) fchmod(blob.number(), (there.st_mode & 0777) | wanted);
  noteRight(place, hash);
  return true;
}

// The stored file is right as it stands: it need not be read again until it changes.
void FileStore::noteRight(const Place& place, const ContentHash& hash) {
  struct stat blob;
  if (fstatat(place.folder.number(), place.name.c_str(), &blob, AT_SYMLINK_NOFOLLOW) == 0) {
    right_[hash] = identityText(blob);
  }
}

// Tells, before it is looked for, that the recording may refer to the content (docs/trace-format.md, "Who refers to a
// store"). False, with error(), when it cannot: then it must not.
bool FileStore::announce(const ContentHash& hash) {
  if (registration_.empty() || announced_.contains(hash)) return true;
  if (!announcements_) {
    announcements_ = Descriptor(open(registration_.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!announcements_ || !writeAll(announcements_.number(), hash)) {
    error_ = "cannot tell the store in " + registration_ + " what the recording maps: " + strerror(errno);
    return false;
  }
  announced_.insert(hash);
  return true;
}

std::optional<ContentHash> FileStore::putBytes(const void* bytes, size_t length) {
  struct stat original = {};
  original.st_mode = kReadable;
  const std::span<const uint8_t> content(static_cast<const uint8_t*>(bytes), length);
  Sha256 digest;
  digest.add(content);
  return openRoot() ? putContent(content, digest.finish(), original) : std::nullopt;
}

std::optional<ContentHash> FileStore::putContent(std::span<const uint8_t> bytes, const ContentHash& hash,
                                                 const struct stat& original) {
  if (!announce(hash)) return std::nullopt;
  const Place place = placeOf(hash);
  if (!place.folder) return fail("cannot make the folder", place.folderName), std::nullopt;
  if (holds(place, bytes.size(), hash, ContentForm::plain, original)) return hash;
  const std::optional<Draft> draft = makeDraft();
  if (!draft) return std::nullopt;
  if (!writeAll(draft->file.number(), bytes)) {
    fail("cannot write", draft->name);
    drop(*draft);
    return std::nullopt;
  }
  return finish(*draft, place, hash, original) ? std::optional(hash) : std::nullopt;
}

std::optional<ContentHash> FileStore::putSmall(int descriptor, uint64_t size, const struct stat& original) {
  std::vector<uint8_t> content;
  const auto keep = [&](uint64_t, std::span<const uint8_t> piece, bool) {
    content.assign(piece.begin(), piece.end());
    return true;
  };
  const auto hash = hashContent(descriptor, size, ContentForm::plain, keep);
  return hash ? putContent(content, *hash, original) : (unreadable(), std::nullopt);
}

// In pieces, and with holes for what is zero: a file may be larger than memory, and mostly empty.
std::optional<ContentHash> FileStore::putFile(int descriptor, uint64_t size, const struct stat& original,
                                              const std::function<bool()>& goesOn) {
  const std::optional<Draft> draft = makeDraft();
  if (!draft) return std::nullopt;
  const ContentForm form = contentFormOf(descriptor, size);
  const std::optional<ContentHash> hash = copyPieces(descriptor, size, form, *draft, goesOn);
  if (!hash) {
    drop(*draft);
    return std::nullopt;
  }
  if (!announce(*hash)) {
    drop(*draft);
    return std::nullopt;
  }
  const Place place = placeOf(*hash);
  if (place.folder && holds(place, size, *hash, form, original)) {
    drop(*draft);
    return hash;
  }
  if (!place.folder) {
    fail("cannot make the folder", place.folderName);
    drop(*draft);
    return std::nullopt;
  }
  return finish(*draft, place, *hash, original) ? hash : std::nullopt;
}

FileStore::Place FileStore::placeOf(const ContentHash& hash) {
  const std::string text = hexadecimal(hash);
  return {Descriptor(openFolder(text.substr(0, 2))), text.substr(0, 2), text.substr(2)};
}

bool FileStore::finish(const Draft& draft, const Place& place, const ContentHash& hash, const struct stat& original) {
  struct stat status;
  if (fstat(draft.file.number(), &status) != 0 || fchmod(draft.file.number(), modeOf(original, status.st_gid)) != 0) {
    fail("cannot set the rights of", draft.name);
    drop(draft);
    return false;
  }
  if (!name(draft, place.folder.number(), place.folderName, place.name)) return false;
  noteRight(place, hash);
  return true;
}

std::optional<ContentHash> FileStore::copyPieces(int descriptor, uint64_t size, ContentForm form, const Draft& draft,
                                                 const std::function<bool()>& goesOn) {
  const int copy = draft.file.number();
  if (ftruncate(copy, static_cast<off_t>(size)) != 0) return fail("cannot write", draft.name), std::nullopt;
  bool written = true;
  const auto hash =
      hashContent(descriptor, size, form, [&](uint64_t offset, std::span<const uint8_t> piece, bool zero) {
        written = zero || (lseek(copy, static_cast<off_t>(offset), SEEK_SET) >= 0 && writeAll(copy, piece));
        if (!written || goesOn()) return written;
        errno = ECANCELED;
        return false;
      });
  if (!hash && !written) return fail("cannot write", draft.name), std::nullopt;
  if (!hash) unreadable();
  return hash;
}

bool FileStore::unreadable() {
  error_ = std::string("cannot read a file that the program maps for the store: ") + strerror(errno);
  return false;
}

FileStore::Identity FileStore::identityOf(const struct stat& file) {
  return {file.st_dev, file.st_ino, file.st_size, nanoseconds(file.st_mtim), nanoseconds(file.st_ctim)};
}

std::optional<ContentHash> FileStore::known(const struct stat& identity) const {
  if (!isOld(nanoseconds(identity.st_mtim), nanoseconds(identity.st_ctim), realTime())) return std::nullopt;
  const auto found = known_.find(identityOf(identity));
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<ContentHash> FileStore::put(int descriptor, const struct stat& identity, bool fresh,
                                          const std::function<bool()>& goesOn) {
  const int64_t modified = nanoseconds(identity.st_mtim);
  const int64_t changed = nanoseconds(identity.st_ctim);
  const Identity key = identityOf(identity);
  const bool settled = !fresh && isSettled(descriptor, modified, changed, realTime());
  if (settled) {
    if (auto found = known_.find(key); found != known_.end()) return found->second;
  }
  if (!openRoot()) return std::nullopt;
  char name[160];
  snprintf(name, sizeof name, "%" PRIx64 "-%" PRIu64 "-%" PRId64 "-%" PRId64 "-%" PRId64,
           static_cast<uint64_t>(identity.st_dev), static_cast<uint64_t>(identity.st_ino),
           static_cast<int64_t>(identity.st_size), modified, changed);
  const Descriptor identities(settled ? openFolder("by-id") : -1);
  if (identities) {
    if (const auto found = lookUp(identities.number(), name)) return known_[key] = *found;
  }
  const auto size = static_cast<uint64_t>(identity.st_size);
  const std::optional<ContentHash> put =
      size > kContentPiece ? putFile(descriptor, size, identity, goesOn) : putSmall(descriptor, size, identity);
  if (put && settled) {
    known_[key] = *put;
    if (identities) remember(identities.number(), name, *put);
  }
  return put;
}

// The content of the file that had that identity, if what was stored of it is still as it was left then.
std::optional<ContentHash> FileStore::lookUp(int identities, const char* name) {
  const Descriptor file(openat(identities, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file || !isTrusted(file.number())) return std::nullopt;
  char text[200] = "";
  const ssize_t got = read(file.number(), text, sizeof text - 1);
  ContentHash hash;
  if (got < 66 || text[64] != ' ' || text[got - 1] != '\n' || !parseHash(text, hash)) return std::nullopt;
  if (!announce(hash)) return std::nullopt;
  const Place place = placeOf(hash);
  struct stat blob;
  if (!place.folder || fstatat(place.folder.number(), place.name.c_str(), &blob, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISREG(blob.st_mode) || identityText(blob) != std::string(text + 65, static_cast<size_t>(got) - 66)) {
    return std::nullopt;
  }
  return hash;
}

// A missing identity only costs the next recording time, and so does one that a crash has torn.
void FileStore::remember(int identities, const char* name, const ContentHash& hash) {
  const Place place = placeOf(hash);
  struct stat blob;
  if (!place.folder || fstatat(place.folder.number(), place.name.c_str(), &blob, AT_SYMLINK_NOFOLLOW) != 0) return;
  const std::string text = hexadecimal(hash) + " " + identityText(blob) + "\n";
  const std::optional<Draft> draft = makeDraft();
  if (!draft) return;
  if (!writeAll(draft->file.number(), {reinterpret_cast<const uint8_t*>(text.data()), text.size()}) ||
      fchmod(draft->file.number(), kReadable) != 0 || renameat(root_, draft->name.c_str(), identities, name) != 0) {
    drop(*draft);
  }
}

}  // namespace rr
