// SPDX-License-Identifier: GPL-2.0-only
//
// Spin locks. The word holds the owner's number + 1, so that a dead owner can be named.
#include "machine.h"

#include <errno.h>

static void held_push(uint64_t off)
{
	uint32_t n = T.row->nr_held;

	if (n < NR_HELD_MAX)
		T.row->held[n] = off;
	T.row->nr_held = n + 1;
}

static void held_drop(uint64_t off)
{
	struct row *r = T.row;
	uint32_t n = r->nr_held, top = n < NR_HELD_MAX ? n : NR_HELD_MAX;

	for (uint32_t i = top; i-- > 0;) {
		if (r->held[i] != off)
			continue;
		for (; i + 1 < top; i++)
			r->held[i] = r->held[i + 1];
		break;
	}
	if (n)
		r->nr_held = n - 1;
}

static bool grab(uint64_t off)
{
	uint64_t free = 0;

	// Acquire: pairs with the release in lock_release().
	if (!atomic_compare_exchange_strong_explicit(word_at(off), &free, (uint64_t)T.me + 1,
						     memory_order_acquire, memory_order_relaxed))
		return false;
	held_push(off);
	return true;
}

int32_t lock_owner(uint64_t off)
{
	return (int32_t)atomic_load_explicit(word_at(off), memory_order_relaxed) - 1;
}

int lock_take(uint64_t off, uint32_t points)
{
	int err = turn_point(OP_LOCK, off, points);

	for (uint64_t spins = 0; !err; spins++) {
		if (grab(off))
			return TURN_OK;
		if (lock_owner(off) == T.me)
			return -EDEADLK;
		if (T.mode == MODE_SETUP)
			return -EBUSY;
		err = turn_block(ROW_LOCK, off, 0);
		if (!err)
			err = turn_spin(spins);
	}
	return err;
}

int lock_try(uint64_t off, uint32_t points, bool *got)
{
	int err = turn_point(OP_TRYLOCK, off, points);

	*got = !err && grab(off);
	return err;
}

int lock_release(uint64_t off, uint32_t points)
{
	int err;

	if (!T.active)
		return TURN_OK;	// Unwinding out of a run that is over: its memory is no longer ours.
	err = turn_point(OP_UNLOCK, off, points);
	if (err)
		return err;
	if (lock_owner(off) != T.me)
		return -EPERM;
	held_drop(off);
	// Release: pairs with the acquire in grab().
	atomic_store_explicit(word_at(off), 0, memory_order_release);
	turn_word_changed(off);
	return TURN_OK;
}
