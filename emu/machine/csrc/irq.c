// SPDX-License-Identifier: GPL-2.0-only
//
// Interrupts: one pending word a participant, and the wait for CPU time to pass.
#include "machine.h"

static uint64_t irq_off(uint32_t who)
{
	return (uint64_t)((unsigned char *)&T.rows[who].irq - T.base);
}

int irq_send(uint32_t who, uint64_t bits, bool *raise_line)
{
	struct row *r = &T.rows[who];
	int err = turn_point(OP_IRQ_SEND, irq_off(who), POINT_PROTOCOL);
	uint64_t before;

	*raise_line = false;
	if (err)
		return err;
	before = atomic_fetch_or(&r->irq, bits);
	if (T.mode == MODE_FREE) {
		// Release: pairs with irq_free_waiting() in cpu_wait(): the sleeper shows its line
		// first and looks at the pending word second; we do it the other way round.
		*raise_line = atomic_load(&r->line) != 0;
		return TURN_OK;
	}
	if (!before)
		r->irq_time = clock_now(T.me);
	if (r->status == ROW_CPU)
		turn_cut();
	return TURN_OK;
}

int irq_take(uint64_t *bits)
{
	int err = turn_point(OP_IRQ_TAKE, irq_off(T.me), POINT_PROTOCOL);

	*bits = 0;
	if (!err)
		*bits = atomic_exchange(&T.row->irq, 0);
	return err;
}

int irq_cpu_wait(int64_t deadline, bool idle, bool *irq)
{
	struct row *r = T.row;
	int err;

	*irq = false;
	if (!T.active)
		return TURN_OVER;
	r->deadline = deadline;
	r->idle = idle;
	err = turn_block(ROW_CPU, irq_off(T.me), 0);
	if (err)
		return err;
	if (r->irq)
		*irq = true;
	if (r->irq && r->irq_time < deadline)
		clock_advance_to(r->irq_time);
	else if (deadline != NEVER)
		clock_advance_to(deadline);
	r->deadline = NEVER;
	r->idle = false;
	return TURN_OK;
}

void irq_free_waiting(bool waiting, int64_t deadline, bool idle)
{
	struct row *r = T.row;

	r->deadline = waiting ? deadline : NEVER;
	r->idle = waiting && idle;
	// Acquire: pairs with irq_send(), which sets the pending word before it looks here.
	atomic_store(&r->line, waiting);
}
