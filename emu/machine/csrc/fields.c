// SPDX-License-Identifier: GPL-2.0-only
//
// Operations on shared words. Each is one scheduling point, taken before the operation.
#include "machine.h"

int field_load(uint64_t off, uint32_t points, uint64_t *seen)
{
	int err = turn_point(OP_LOAD, off, points);

	if (err)
		return err;
	// Acquire: pairs with field_store() and every other writer below.
	*seen = atomic_load_explicit(word_at(off), memory_order_acquire);
	return TURN_OK;
}

// *before: what the store replaced; read after the point, so that it is not stale.
int field_store(uint64_t off, uint32_t points, uint64_t value, uint64_t *before)
{
	int err = turn_point(OP_STORE, off, points);

	if (err)
		return err;
	// Release: pairs with field_load() and field_wait_while(). Sequentially consistent besides:
	// a store here stands for a store with a full barrier behind it.
	*before = atomic_exchange(word_at(off), value);
	turn_word_changed(off);
	return TURN_OK;
}

int field_xchg(uint64_t off, uint32_t points, uint64_t value, uint64_t *seen)
{
	int err = turn_point(OP_RMW, off, points);

	if (err)
		return err;
	*seen = atomic_exchange(word_at(off), value);
	turn_word_changed(off);
	return TURN_OK;
}

int field_cmpxchg(uint64_t off, uint32_t points, uint64_t old, uint64_t value, uint64_t *seen)
{
	int err = turn_point(OP_RMW, off, points);

	if (err)
		return err;
	*seen = old;
	if (atomic_compare_exchange_strong(word_at(off), seen, value))
		turn_word_changed(off);
	return TURN_OK;
}

int field_add(uint64_t off, uint32_t points, uint64_t delta, uint64_t *seen)
{
	int err = turn_point(OP_RMW, off, points);

	if (err)
		return err;
	*seen = atomic_fetch_add(word_at(off), delta);
	turn_word_changed(off);
	return TURN_OK;
}

int field_or(uint64_t off, uint32_t points, uint64_t bits, uint64_t *seen)
{
	int err = turn_point(OP_RMW, off, points);

	if (err)
		return err;
	*seen = atomic_fetch_or(word_at(off), bits);
	turn_word_changed(off);
	return TURN_OK;
}

int field_and(uint64_t off, uint32_t points, uint64_t bits, uint64_t *seen)
{
	int err = turn_point(OP_RMW, off, points);

	if (err)
		return err;
	*seen = atomic_fetch_and(word_at(off), bits);
	turn_word_changed(off);
	return TURN_OK;
}

// Wait until the word is not `value`. Controlled: asleep until it differs. Free: spin politely.
int field_wait_while(uint64_t off, uint32_t points, uint64_t value, uint64_t *seen)
{
	int err = turn_point(OP_WAIT_WORD, off, points);

	for (uint64_t spins = 0; !err; spins++) {
		// Acquire: pairs with field_store().
		*seen = atomic_load_explicit(word_at(off), memory_order_acquire);
		if (*seen != value)
			return TURN_OK;
		err = turn_block(ROW_WORD, off, value);
		if (!err)
			err = turn_spin(spins);
	}
	return err;
}

int field_plain_point(uint64_t off, uint32_t points, bool write)
{
	return turn_point(write ? OP_STORE : OP_LOAD, off, points);
}

int field_mask_load(uint64_t off, uint32_t points, uint64_t *seen)
{
	int err = turn_point(OP_LOAD, off, points);

	if (err)
		return err;
	// Acquire: pairs with field_mask_store().
	for (int i = 0; i < MASK_WORDS; i++)
		seen[i] = atomic_load_explicit(word_at(off) + i, memory_order_acquire);
	return TURN_OK;
}

int field_mask_store(uint64_t off, uint32_t points, const uint64_t *value)
{
	int err = turn_point(OP_STORE, off, points);

	if (err)
		return err;
	// Release: pairs with field_mask_load().
	for (int i = 0; i < MASK_WORDS; i++)
		atomic_store(word_at(off) + i, value[i]);
	return TURN_OK;
}
