// Where patched system call sites arrive: by a stub that sets rcx to the address behind the site (which the system call
// instruction would do) and jumps here. Nothing of the program's stack is touched; flags and registers are as the system
// call leaves them when the program goes on.
#include "layout.h"

#define SAVED_STACK (RR_LOCALS + RR_LOCALS_SAVED_STACK)
#define RETURN_ADDRESS (RR_LOCALS + RR_LOCALS_RETURN)

	.section .header, "a"
	.quad	RR_RUNTIME_MAGIC
	.quad	rr_record_entry
	.quad	rr_replay_entry
	.quad	rr_after_traced
	.quad	rr_abort
	.quad	rr_after_stop
	.quad	rr_code_end
	.quad	rr_record_call

	.text

// Saves the program's registers, also those that the handler keeps (it may be left half way, by rr_abort), as struct rr_hook_frame, calls the handler with its address, and goes on as that says
// (enum rr_verdict).
.macro ENTER handler, call
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
	je	rr_traced
	ja	rr_stop
	jmp	rr_done
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
	ENTER	rr_record, rr_record_call

	.globl	rr_replay_entry
rr_replay_entry:
	ENTER	rr_replay, rr_replay_call

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

	.section .note.GNU-stack, "", @progbits
