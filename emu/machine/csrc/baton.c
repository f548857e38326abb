// SPDX-License-Identifier: GPL-2.0-only
//
// The baton: a futex word in each row. The giver writes all shared state first and sets the word
// last (release); the taker sees it set (acquire) and then owns header and rows.
#include "machine.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

int (*turn_signal_check)(void);
void (*turn_sleeping)(bool asleep);

void baton_give(uint32_t who)
{
	T.hdr->holder = who;
	atomic_store_explicit(&T.rows[who].baton, 1, memory_order_release); // pairs with baton_wait()
	syscall(SYS_futex, &T.rows[who].baton, FUTEX_WAKE, 1, NULL, NULL, 0);
}

// Sleep until the baton is here; does not take it. Returns 0, or TURN_ERROR after a signal raised.
int baton_wait(void)
{
	// Acquire: pairs with baton_give(): header and rows are ours from here on.
	while (atomic_load_explicit(&T.row->baton, memory_order_acquire) == 0) {
		long err;
		bool interrupted;

		if (turn_sleeping)
			turn_sleeping(true);
		err = syscall(SYS_futex, &T.row->baton, FUTEX_WAIT, 0, NULL, NULL, 0);
		interrupted = err < 0 && errno == EINTR;
		if (turn_sleeping)
			turn_sleeping(false);
		if (interrupted && turn_signal_check && turn_signal_check())
			return TURN_ERROR;
	}
	return TURN_OK;
}
