// A virtual machine: lists whose length the program gives, and no guest that runs. Without /dev/kvm only that is told.
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "../guest.h"

enum { most = 200 };

int main(void) {
  const int kvm = open("/dev/kvm", O_RDWR);
  if (kvm < 0) {
    say("no machines: %s\n", strerrorname_np(errno));
    return 0;
  }
  result("version", ioctl(kvm, KVM_GET_API_VERSION, 0));
  struct kvm_cpuid2 *list = pageEnd(sizeof *list + most * sizeof *list->entries);
  list->nent = most;
  list->padding = 0;
  result("KVM_GET_SUPPORTED_CPUID", ioctl(kvm, KVM_GET_SUPPORTED_CPUID, list));
  // Some tell of the processor that the call was made on.
  uint64_t hash = 0;
  for (unsigned i = 0; i < list->nent; i++) {
    if (list->entries[i].function == 0) hash = hashOf(&list->entries[i], sizeof *list->entries);
  }
  say("  %d, %zx\n", list->nent > 5, (size_t)hash);
  list->nent = 1;
  result("one of them", ioctl(kvm, KVM_GET_SUPPORTED_CPUID, list));
  struct kvm_msr_list *indices = pageEnd(sizeof *indices + 1000 * 4);
  indices->nmsrs = 1000;
  result("KVM_GET_MSR_INDEX_LIST", ioctl(kvm, KVM_GET_MSR_INDEX_LIST, indices));
  say("  %u, %zx\n", indices->nmsrs, (size_t)hashOf(indices->indices, indices->nmsrs * 4));
  indices->nmsrs = 1;
  result("no room", ioctl(kvm, KVM_GET_MSR_INDEX_LIST, indices));
  say("  %d\n", indices->nmsrs > 1);
  const int machine = ioctl(kvm, KVM_CREATE_VM, 0);
  succeeded("KVM_CREATE_VM", machine);
  if (machine < 0) return 0;
  const int processor = ioctl(machine, KVM_CREATE_VCPU, 0);
  succeeded("KVM_CREATE_VCPU", processor);
  if (processor < 0) return 0;
  struct kvm_regs *registers = pageEnd(sizeof *registers);
  result("KVM_GET_REGS", ioctl(processor, KVM_GET_REGS, registers));
  say("  rip %llx, rflags %llx\n", registers->rip, registers->rflags);
  struct kvm_msrs *values = pageEnd(sizeof *values + 2 * sizeof *values->entries);
  memset(values, 0, sizeof *values + 2 * sizeof *values->entries);
  values->nmsrs = 2;
  values->entries[0].index = 0x277;       // IA32_PAT
  values->entries[1].index = 0xc0000080;  // EFER
  result("KVM_GET_MSRS", ioctl(processor, KVM_GET_MSRS, values));
  say("  %llx %llx\n", values->entries[0].data, values->entries[1].data);
  return 0;
}
