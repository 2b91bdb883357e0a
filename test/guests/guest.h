// What every guest shares: output that is never buffered (so that nothing is printed twice after a fork), results
// with the error's name, arguments with poisoned upper halves, and buffers that end where readable memory ends.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define unused __attribute__((unused))

// An int argument of a raw system call with rubbish in the upper 32 bits: the kernel must look at the lower half only,
// and so must a recorder.
#define poisoned(value) ((long)(0xdeadbeef00000000UL | (uint32_t)(value)))

// A line (or a part of one) on standard output, by one write.
unused __attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
  char line[4096];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof line - 1) length = sizeof line - 1;
  for (int done = 0; done < length;) {
    ssize_t written = write(1, line + done, length - done);
    if (written < 0 && errno != EINTR) _exit(98);
    if (written > 0) done += written;
  }
}

// Prints "what = value", or the error's name for -1, and returns the value.
unused static long result(const char *what, long value) {
  if (value == -1) {
    int error = errno;
    say("%s = -1 %s\n", what, strerrorname_np(error));
    errno = error;
  } else {
    say("%s = %ld\n", what, value);
  }
  return value;
}

// Like `result` for values that differ from run to run (descriptors are not among them): tells success from failure.
unused static long succeeded(const char *what, long value) {
  if (value == -1) return result(what, value);
  say("%s: ok\n", what);
  return value;
}

// The set-up of a guest must work: ends it with status 99 and says which step failed.
#define need(expression)  \
  ((void)((expression) || \
          (say("%s:%d: %s: %s\n", __FILE_NAME__, __LINE__, #expression, strerror(errno)), _exit(99), 0)))
#ifndef __FILE_NAME__
#define __FILE_NAME__ __BASE_FILE__
#endif

enum { pageSize = 4096 };

// `size` bytes that end at the end of a page; the page behind them cannot be touched. Filled with 0xa5.
unused static void *pageEnd(size_t size) {
  size_t pages = (size + pageSize - 1) / pageSize;
  char *base = mmap(0, (pages + 1) * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(base != MAP_FAILED);
  need(mprotect(base + pages * pageSize, pageSize, PROT_NONE) == 0);
  memset(base, 0xa5, pages * pageSize);
  return base + pages * pageSize - size;
}

// A copy of a string whose NUL is the last byte of a page.
unused static char *pageEndString(const char *text) {
  size_t size = strlen(text) + 1;
  return memcpy(pageEnd(size), text, size);
}

// A copy of an object at the end of a page.
unused static void *pageEndCopy(const void *object, size_t size) { return memcpy(pageEnd(size), object, size); }

// An address that no system call can read or write.
unused static void *badAddress(void) { return (char *)pageEnd(1) + 1; }

// FNV-1a: content in one number.
unused static uint64_t hashOf(const void *bytes, size_t size) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < size; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
  return hash;
}

// A file of `size` bytes with a pattern; the descriptor, open for reading and writing at offset 0.
unused static int patternFile(const char *name, size_t size) {
  int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
  need(file >= 0);
  char *bytes = malloc(size + 1);
  for (size_t i = 0; i < size; i++) bytes[i] = 'a' + i % 26;
  need(write(file, bytes, size) == (ssize_t)size);
  free(bytes);
  need(lseek(file, 0, SEEK_SET) == 0);
  return file;
}

// For a child that would not end by itself: it goes when its parent does.
unused static void dieWithParent(void) { need(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0); }

// Enough memory in use that the kernel's approximate counters show some (they count in batches for each processor).
unused static void useMemory(void) {
  const size_t size = 8 << 20;
  memset(mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, size);
}

// Waits for a child and prints how it ended.
unused static void reap(const char *what, pid_t child) {
  int status = 0;
  pid_t got;
  do got = waitpid(child, &status, 0);
  while (got == -1 && errno == EINTR);
  if (got != child) {
    result(what, got);
  } else if (WIFEXITED(status)) {
    say("%s: exited with %d\n", what, WEXITSTATUS(status));
  } else {
    say("%s: killed by SIG%s\n", what, sigabbrev_np(WTERMSIG(status)));
  }
}
