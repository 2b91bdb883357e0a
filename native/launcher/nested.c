#include "launcher/nested.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kAnswerLimit = 8 << 20 };

static int fail(const char *what) {
  fprintf(stderr, "rr: cannot %s: %s\n", what, strerror(errno));
  return 1;
}

// Reads to the end of the stream; NULL when that fails. The text is not zero-terminated.
static char *readAnswer(int descriptor, size_t *length) {
  size_t capacity = 4096;
  char *text = malloc(capacity);
  *length = 0;
  while (text != NULL) {
    const ssize_t got = read(descriptor, text + *length, capacity - *length);
    if (got == 0) return text;
    if (got < 0) {
      if (errno == EINTR) continue;
      break;
    }
    *length += (size_t)got;
    if (*length < capacity) continue;
    if (capacity >= kAnswerLimit) {
      errno = E2BIG;
      break;
    }
    capacity *= 2;
    char *larger = realloc(text, capacity);
    if (larger == NULL) break;
    text = larger;
  }
  free(text);
  return NULL;
}

// Ends this process as the child ended: with its status, or of the same signal.
static int endAs(int status) {
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  const int number = WTERMSIG(status);
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);  // the child has left its own
  signal(number, SIG_DFL);
  raise(number);
  return 128 + number;
}

// Becomes the program. Returns the exit status when it cannot.
static int becomeProgram(int argc, char **argv, char *answer, size_t length) {
  const int leaves = strcmp(answer, "release") == 0;
  char *number = answer + strlen(answer) + 1;
  const int words = number < answer + length ? atoi(number) : 0;
  if (words < 1 || words > argc - 1) {
    fprintf(stderr, "rr: the options were not understood: %d words of %d\n", words, argc - 1);
    return 1;
  }
  for (char *at = number + strlen(number) + 1; at < answer + length; at += strlen(at) + 1) {
    if (putenv(at) != 0) return fail("set a variable");
  }
  // EINVAL: it has left with a program before.
  if (leaves && prctl(RR_LEAVE_AT_EXEC, 0, 0, 0, 0) != 0 && errno != EINVAL) return fail("leave the recording");
  char **program = argv + argc - words;
  execvp(program[0], program);
  const int error = errno;
  fprintf(stderr, "rr: %s: %s\n", program[0], strerror(error));
  return error == ENOENT ? 127 : 126;
}

int forkNested(int argc, char **argv) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail("make a pipe");
  const pid_t child = fork();
  if (child < 0) return fail("fork");
  if (child == 0) {
    char number[16];
    snprintf(number, sizeof number, "%d", ends[1]);
    if (fcntl(ends[1], F_SETFD, 0) != 0 || setenv("_RR_NESTED_FD", number, 1) != 0) exit(fail("start Node"));
    return 0;
  }
  close(ends[1]);
  size_t length;
  char *answer = readAnswer(ends[0], &length);
  if (answer == NULL) exit(fail("read what Node answers"));
  close(ends[0]);
  int status;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) exit(fail("wait for Node"));
  }
  const int understood = length > 0 && answer[length - 1] == '\0' && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  exit(understood ? becomeProgram(argc, argv, answer, length) : endAs(status));
}
