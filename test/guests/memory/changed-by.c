// A file that is mapped and changed by each call that writes to files.
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "../guest.h"

static char *memory;
static int file, source;

// What the call has put at the start, and at the end; both positions start over.
static void changed(const char *what, long outcome) {
  struct stat state;
  need(fstat(file, &state) == 0);
  say("%s %ld: %.10s %.10s\n", what, outcome, *memory ? memory : "nothing", memory + state.st_size - 10);
  need(lseek(source, 0, SEEK_SET) == 0 && lseek(file, 0, SEEK_SET) == 0);
}

static void allCalls(void) {
  const char word[2][6] = {"first", "secon"};
  const struct iovec vectors[2] = {{(void *)word[0], 5}, {(void *)word[1], 5}};
  off_t offset = 2;
  changed("nothing", 0);
  changed("write", write(file, "WRITE", 5));
  changed("writev", writev(file, vectors, 2));
  changed("pwrite", pwrite(file, "PW", 2, 1));
  changed("pwritev", pwritev(file, vectors, 1, 3));
  changed("pwritev2", pwritev2(file, vectors, 2, -1, 0));
  changed("pwritev2 RWF_APPEND", pwritev2(file, vectors, 2, 0, RWF_APPEND));
  changed("sendfile", sendfile(file, source, 0, 8));
  changed("copy_file_range", copy_file_range(source, 0, file, &offset, 7, 0));
  changed("copy_file_range at its position", copy_file_range(source, 0, file, 0, 5, 0));
  int ends[2];
  need(pipe(ends) == 0 && write(ends[1], "spliced", 7) == 7);
  offset = 1;
  changed("splice", splice(ends[0], 0, file, &offset, 3, 0));
  changed("splice", splice(ends[0], 0, file, 0, 4, 0));
  int appending = open("file", O_WRONLY | O_APPEND);
  changed("appended", write(appending, "0123456789", 10));
  changed("pwrite appends", pwrite(appending, "ABCDEFGHIJ", 10, 0));
}

int main(int count, char **arguments) {
  source = patternFile("source", 100);
  file = patternFile("file", pageSize);
  memory = mmap(0, 2 * pageSize, PROT_READ, count > 1 ? MAP_PRIVATE : MAP_SHARED, file, 0);
  allCalls();
  return 0;
}
