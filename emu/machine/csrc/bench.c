// SPDX-License-Identifier: GPL-2.0-only
//
// The baseline of the benches: a baton passed round with bare futexes.
#include "machine.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

// Put the baton into the ring.
void bench_start(uint32_t who)
{
	atomic_store(&T.rows[who].baton, 1);
	syscall(SYS_futex, &T.rows[who].baton, FUTEX_WAKE, 1, NULL, NULL, 0);
}

int bench_ring(uint32_t next, uint64_t rounds)
{
	_Atomic uint32_t *mine = &T.row->baton, *theirs = &T.rows[next].baton;

	for (uint64_t i = 0; i < rounds; i++) {
		while (atomic_load(mine) == 0)
			syscall(SYS_futex, mine, FUTEX_WAIT, 0, NULL, NULL, 0);
		atomic_store(mine, 0);
		atomic_store(theirs, 1);
		syscall(SYS_futex, theirs, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
	return 0;
}
