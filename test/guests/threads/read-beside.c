// A thread reads much at once while another one looks at the buffer: how far the kernel has come each time is what a
// replay must show, too.
#include <pthread.h>
#include <time.h>

#include "../guest.h"

// More than scratch memory holds, and than is copied in a slice. Bytes.
#define LENGTH ((size_t)96 << 20)
#define READS 3

static char *volatile buffer;
static volatile int stop;
static volatile unsigned looks, halves;

static void *look(void *argument) {
  while (!stop) {
    const struct timespec briefly = {0, 50000};
    nanosleep(&briefly, NULL);
    looks++;
    if (buffer[0] != 0 && buffer[LENGTH - 1] == 0) halves++;
  }
  return argument;
}

int main(void) {
  const int file = memfd_create("much", 0);
  buffer = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(buffer, 1, LENGTH);
  for (size_t done = 0; done < LENGTH;) {
    const ssize_t written = write(file, buffer + done, LENGTH - done);
    if (written <= 0) return 1;
    done += (size_t)written;
  }
  memset(buffer, 0, LENGTH);
  pthread_t thread;
  pthread_create(&thread, NULL, look, NULL);
  for (int i = 0; i < READS; i++) {
    buffer[0] = buffer[LENGTH - 1] = 0;
    result("read", pread(file, buffer, LENGTH, 0));
    say("looked %u times, %u of them half way\n", looks, halves);
  }
  stop = 1;
  pthread_join(thread, NULL);
  return 0;
}
