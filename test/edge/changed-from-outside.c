// Maps a file for itself, has it changed by somebody outside of the recording, and lets what it sees leave.
// Arguments: the file, and by which call. The FIFOs `go` and `done` are for the other one.
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define LENGTH 12
#define TIMES 5

int main(int count, char **arguments) {
  const int file = open(arguments[1], O_RDONLY);
  char *seen = mmap(NULL, LENGTH, PROT_READ, MAP_PRIVATE, file, 0);
  char byte = 'x';
  const int go = open("go", O_WRONLY);
  if (count != 3 || write(go, &byte, 1) != 1) return 2;
  const int done = open("done", O_RDONLY);
  if (read(done, &byte, 1) != 1) return 2;
  int sockets[2];
  const int out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (out < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return 2;
  struct iovec vectors[2] = {{"here: ", 6}, {seen, LENGTH}};
  struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 2};
  struct mmsghdr messages = {message, 0};
  for (int i = 0; i < TIMES; i++) {
    if (strcmp(arguments[2], "write") == 0 && write(out, seen, LENGTH) != LENGTH) return 3;
    if (strcmp(arguments[2], "writev") == 0 && writev(out, vectors, 2) != 6 + LENGTH) return 3;
    if (strcmp(arguments[2], "sendto") == 0 && send(sockets[0], seen, LENGTH, 0) != LENGTH) return 3;
    if (strcmp(arguments[2], "sendmsg") == 0 && sendmsg(sockets[0], &message, 0) != 6 + LENGTH) return 3;
    if (strcmp(arguments[2], "sendmmsg") == 0 && sendmmsg(sockets[0], &messages, 1, 0) != 1) return 3;
    if (strcmp(arguments[2], "open") == 0 && open(seen, O_RDONLY) >= 0) return 3;
  }
  return 0;
}
