// Writes a 32-bit program, which exits with status 5, as the file that it is told: the smallest static executable.
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { kBase = 0x08048000 };

int main(int argc, char **argv) {
  static const unsigned char code[] = {
      0xb8, 1,    0, 0, 0,  // mov $SYS_exit, %eax
      0xbb, 5,    0, 0, 0,  // mov $5, %ebx
      0xcd, 0x80,           // int $0x80
  };
  struct {
    Elf32_Ehdr header;
    Elf32_Phdr segment;
    unsigned char code[sizeof code];
  } program = {
      .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                 .e_type = ET_EXEC,
                 .e_machine = EM_386,
                 .e_version = EV_CURRENT,
                 .e_entry = kBase + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
                 .e_phoff = sizeof(Elf32_Ehdr),
                 .e_ehsize = sizeof(Elf32_Ehdr),
                 .e_phentsize = sizeof(Elf32_Phdr),
                 .e_phnum = 1},
      .segment = {.p_type = PT_LOAD,
                  .p_vaddr = kBase,
                  .p_filesz = sizeof program,
                  .p_memsz = sizeof program,
                  .p_flags = PF_R | PF_X,
                  .p_align = 0x1000},
  };
  memcpy(program.code, code, sizeof code);
  const int file = open(argc > 1 ? argv[1] : "", O_WRONLY | O_CREAT | O_TRUNC, 0755);
  return file >= 0 && write(file, &program, sizeof program) == (ssize_t)sizeof program ? 0 : 1;
}
