// Where patched system call sites arrive: by a stub that sets rcx to the address behind the site (which the system call
// instruction would do) and jumps here. Nothing of the program's stack is touched; flags and registers are as the system
// call leaves them when the program goes on.
#include "layout.h"

#define SAVED_STACK (RR_LOCALS + RR_LOCALS_SAVED_STACK)
#define RETURN_ADDRESS (RR_LOCALS + RR_LOCALS_RETURN)
#define TIME_LENGTH (RR_LOCALS + RR_LOCALS_TIME_LENGTH)
#define SAVED_RCX (RR_LOCALS + RR_LOCALS_SAVED_RCX)
#define SAVED_R11 (RR_LOCALS + RR_LOCALS_SAVED_R11)

	.section .header, "a"
	.quad	RR_RUNTIME_MAGIC
	.quad	rr_record_entry
	.quad	rr_replay_entry
	.quad	rr_after_traced
	.quad	rr_abort
	.quad	rr_after_stop
	.quad	rr_code_end
	.quad	rr_record_call
	.quad	rr_record_time_entry
	.quad	rr_record_time_aux_entry
	.quad	rr_record_time_call
	.quad	rr_replay_time_entry
	.quad	rr_replay_time_aux_entry
	.quad	rr_time_trap
	.quad	rr_time_abort
	.quad	rr_after_time_stop
	.quad	rr_set_up
	.quad	rr_set_up_end

	.text

// Saves the program's registers, also those that the handler keeps (it may be left half way, by rr_abort), as struct rr_hook_frame, calls the handler with its address, and goes on as that says
// (enum rr_verdict).
.macro ENTER handler, call, done, traced, stop
	movq	%rsp, SAVED_STACK
	movq	$RR_STACK_TOP, %rsp
	pushfq
	pushq	%rcx
	pushq	%rax
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%r10
	pushq	%r8
	pushq	%r9
	cld
	movq	%rcx, RETURN_ADDRESS
	movq	%rsp, %rdi
	subq	$8, %rsp
\call:
	call	\handler
	addq	$8, %rsp
	cmpl	$1, %eax
	je	\traced
	ja	\stop
	jmp	\done
.endm

// Everything but rip, as it was; rax is what the handler left in the frame.
.macro LEAVE
	popq	%r9
	popq	%r8
	popq	%r10
	popq	%rdx
	popq	%rsi
	popq	%rdi
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%rax
	popq	%rcx
	movq	(%rsp), %r11
	popfq
	movq	SAVED_STACK, %rsp
.endm

	.globl	rr_record_entry
rr_record_entry:
	ENTER	rr_record, rr_record_call, rr_done, rr_traced, rr_stop

	.globl	rr_replay_entry
rr_replay_entry:
	ENTER	rr_replay, rr_replay_call, rr_done, rr_traced, rr_stop

// The call was buffered.
rr_done:
	LEAVE
	jmp	*%rcx

// The call is made where the tracer sees it; the tracer puts rip behind the program's own instruction.
	.globl	rr_abort
rr_abort:
	movq	$(RR_STACK_TOP - RR_HOOK_FRAME_SIZE), %rsp
rr_traced:
	LEAVE
	syscall
	.globl	rr_after_traced
rr_after_traced:
	ud2

// Replay: the tracer wants to have the task behind this call.
rr_stop:
	LEAVE
	int3
	.globl	rr_after_stop
rr_after_stop:
	jmp	*%rcx

// Where patched rdtsc and rdtscp arrive: by a stub that saves rcx in the locals page, sets it to the address behind the
// site and jumps here. Neither changes flags, and of the registers only rax, rdx and, rdtscp, rcx.
.macro ENTER_TIME name, handler
	.globl	\name\()_entry
\name\()_entry:
	movq	$RR_RDTSC_LENGTH, TIME_LENGTH
	jmp	1f
	.globl	\name\()_aux_entry
\name\()_aux_entry:
	movq	$RR_RDTSCP_LENGTH, TIME_LENGTH
1:	movq	%r11, SAVED_R11
	ENTER	\handler, \name\()_call, rr_time_done, rr_time_traced, rr_time_stop
.endm

// Everything but rip; rax and rdx are what the handler left in the frame, rcx what it left in the locals page.
.macro LEAVE_TIME
	LEAVE
	movq	SAVED_RCX, %rcx
	movq	SAVED_R11, %r11
.endm

	ENTER_TIME	rr_record_time, rr_record_time
	ENTER_TIME	rr_replay_time, rr_replay_time

rr_time_done:
	LEAVE_TIME
	movq	$0, TIME_LENGTH
	jmp	*RETURN_ADDRESS

// It traps here; the tracer puts rip to the program's own instruction, and TIME_LENGTH to 0.
	.globl	rr_time_abort
rr_time_abort:
	movq	$(RR_STACK_TOP - RR_HOOK_FRAME_SIZE), %rsp
rr_time_traced:
	LEAVE_TIME
	.globl	rr_time_trap
// Traps also where rdtsc does not (native/record/files/random-instructions.h).
rr_time_trap:
	rdmsr
	ud2

rr_time_stop:
	LEAVE_TIME
	int3
	.globl	rr_after_time_stop
rr_after_time_stop:
	jmp	*RETURN_ADDRESS

	.section .note.GNU-stack, "", @progbits
