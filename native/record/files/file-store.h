// The recorder's side of the content store: puts mapped files into it. engine/replay/stored-files.ts reads it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>

#include "record/files/file-content.h"
#include "tracee/descriptor.h"

namespace rr {

// A blob is `STORE/xx/yyyy...`, the hash of its content (file-content.h) in hexadecimal;
// `STORE/by-id/DEV-INO-SIZE-MTIME-CTIME` holds the hash of the file that had that identity, and what the blob was like
// when it was found right. Any number of recordings may put into one store at once: files are written under a temporary
// name, and renamed when they are on the disk. A blob that is there is believed when it is as it was left, and read
// otherwise: one that is torn is put again. Folders have the rights of the store's directory, blobs those of their
// originals. A collection of garbage beside us leaves what the registration file tells: each hash is appended to that
// before anything is looked for. Any thread, one at a time.
class FileStore {
 public:
  // `registration`: the file that tells what this recording refers to; empty: there is none.
  FileStore(std::string directory, std::string registration);
  ~FileStore();
  FileStore(const FileStore&) = delete;
  FileStore& operator=(const FileStore&) = delete;

  // The content of a regular file that has been put, if its identity tells that it is still the same.
  std::optional<ContentHash> known(const struct stat& identity) const;
  // Makes sure that the content of the open regular file is in the store. Nothing, with `error()` set, when it could
  // not be read or written, or `goesOn`, which is asked for each piece, has ended it. `fresh`: its identity does not
  // tell its content.
  std::optional<ContentHash> put(int descriptor, const struct stat& identity, bool fresh,
                                 const std::function<bool()>& goesOn);
  // The same for bytes in memory, which everybody may read.
  std::optional<ContentHash> putBytes(const void* bytes, size_t length);
  const std::string& error() const { return error_; }

 private:
  using Identity = std::tuple<uint64_t, uint64_t, int64_t, int64_t, int64_t>;
  static Identity identityOf(const struct stat& file);
  struct Draft;
  // Where a content lies, or would lie.
  struct Place {
    Descriptor folder;
    std::string folderName;
    std::string name;
  };

  bool openRoot();
  int openFolder(const std::string& name);
  Place placeOf(const ContentHash& hash);
  std::optional<Draft> makeDraft();
  void drop(const Draft& draft);
  bool name(const Draft& draft, int folder, const std::string& folderName, const std::string& name);
  bool finish(const Draft& draft, const Place& place, const ContentHash& hash, const struct stat& original);
  bool holds(const Place& place, uint64_t size, const ContentHash& hash, ContentForm form, const struct stat& original);
  void noteRight(const Place& place, const ContentHash& hash);
  std::optional<ContentHash> putContent(std::span<const uint8_t> bytes, const ContentHash& hash,
                                        const struct stat& original);
  std::optional<ContentHash> putSmall(int descriptor, uint64_t size, const struct stat& original);
  std::optional<ContentHash> putFile(int descriptor, uint64_t size, const struct stat& original,
                                     const std::function<bool()>& goesOn);
  std::optional<ContentHash> copyPieces(int descriptor, uint64_t size, ContentForm form, const Draft& draft,
                                        const std::function<bool()>& goesOn);
  bool announce(const ContentHash& hash);
  std::optional<ContentHash> lookUp(int identities, const char* name);
  void remember(int identities, const char* name, const ContentHash& hash);
  bool unreadable();
  bool fail(const char* what, const std::string& name);

  std::string directory_;
  std::string registration_;
  // Of the registration; opened for the first hash.
  Descriptor announcements_{-1};
  std::set<ContentHash> announced_;
  // Of the directory; -1 before it is used.
  int root_ = -1;
  mode_t folderMode_ = 0700;
  std::string error_;
  std::map<Identity, ContentHash> known_;
  // What stored files were like when they were found right.
  std::map<ContentHash, std::string> right_;
};

}  // namespace rr
