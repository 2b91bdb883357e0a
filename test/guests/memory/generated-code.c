// Code that the program writes itself, runs, changes and runs again; also through a second, writable address.
#include "../guest.h"

// mov $VALUE, %eax; ret
static void emit(unsigned char *at, int value) {
  at[0] = 0xb8;
  memcpy(at + 1, &value, 4);
  at[5] = 0xc3;
}

// mov $__NR_getpid, %eax; syscall; ret
static void emitCall(unsigned char *at) { memcpy(at, "\xb8\x27\x00\x00\x00\x0f\x05\xc3", 8); }

int main(void) {
  unsigned char *code = mmap(0, pageSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(code != MAP_FAILED);
  int (*function)(void) = (int (*)(void))code;
  for (int i = 0; i < 5; i++) {
    emit(code, i * 1111);
    say("%d\n", function());
  }
  emitCall(code);
  say("its own system call: %d\n", function() == getpid());
  int file = memfd_create("code", 0);
  need(ftruncate(file, pageSize) == 0);
  unsigned char *writable = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  function = (int (*)(void))mmap(0, pageSize, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
  emit(writable, 42);
  say("%d\n", function());
  emit(writable, 43);
  say("%d\n", function());
  return 0;
}
