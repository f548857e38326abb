// SPDX-License-Identifier: GPL-2.0-only
//
// Runs: how one begins, how participants come into it, and how it ends.
//
// A run that is over unwinds lazily: a participant asleep in an old run notices when it is given
// the baton in the next one, leaves the word set, and comes back through turn_enter().
#include "machine.h"

#include <time.h>

static uint32_t control(void)
{
	return T.hdr->nr - 1;
}

static void reset_rows(void)
{
	for (uint32_t i = 0; i < T.hdr->nr; i++) {
		struct row *r = &T.rows[i];

		r->status = r->status == ROW_ABSENT ? ROW_ABSENT : ROW_RUNNABLE;
		r->op = OP_START;
		r->off = r->points = r->wait_off = r->wait_value = r->idle = 0;
		r->deadline = NEVER;
		r->clock = r->irq_time = 0;
		r->since = 0;
		r->irq = 0;
		r->nr_held = 0;
		r->traced = 0;
		r->beats = 0;
		r->line = 0;
		r->asked = 0;
	}
}

static int wait_until_parked(void)
{
	struct timespec nap = { 0, 200000 };

	for (uint32_t i = 0; i < control(); i++) {
		while (!T.rows[i].parked && T.rows[i].status != ROW_ABSENT) {
			nanosleep(&nap, NULL);
			if (turn_signal_check && turn_signal_check())
				return TURN_ERROR;
		}
	}
	return TURN_OK;
}

int turn_begin(uint32_t mode, uint32_t count, bool fine)
{
	struct header *h = T.hdr;

	T.active = true;
	T.quiet = false;
	T.mode = mode;
	T.count = h->count = count;
	T.fine = fine;
	h->fine = fine;
	// After a free run some may not have noticed yet that it is over, and still write.
	if ((mode == MODE_FREE || h->mode == MODE_FREE) && wait_until_parked())
		return TURN_ERROR;
	h->mode = mode;
	h->over = 0;
	h->verdict = VERDICT_NONE;
	if (mode == MODE_SETUP)
		return TURN_OK;
	h->step = h->decisions = h->counted = h->hash = h->progress_step = h->nr_switches = 0;
	h->nr_waiting_words = 0;
	h->free_base_ns = clock_real_ns();
	reset_rows();
	T.run = ++h->run;
	T.row->run = T.run;
	T.row->baton = 0;
	T.steps = T.counted = 0;
	T.burst = 0;	// Of an earlier run, which may have ended within a burst.
	T.limit = 0;
	T.cut = T.contested = false;
	T.noise_index = 0;
	h->holder = T.me;
	for (uint32_t i = 0; mode == MODE_FREE && i < control(); i++) {
		T.rows[i].parked = 0;	// Here, not where it wakes up: it may be slow to do so.
		baton_give(i);
	}
	return TURN_OK;
}

// An agent between runs. *begun: a run began, and (controlled) it is our turn in it.
int turn_enter(bool *begun)
{
	int err;

	T.active = false;
	do {
		T.row->parked = 1;
		err = baton_wait();
		if (err)
			break;
		atomic_store_explicit(&T.row->baton, 0, memory_order_relaxed);
		*begun = !atomic_exchange(&T.row->asked, 0);
	} while (*begun && T.hdr->over);	// Too late: that run was aborted.
	T.row->parked = 0;
	if (err || !*begun)
		return err;
	T.active = true;
	T.quiet = false;
	T.run = T.hdr->run;
	T.row->run = T.run;
	T.mode = T.hdr->mode;
	T.count = T.hdr->count;
	T.fine = T.hdr->fine;
	T.steps = T.counted = 0;
	T.noise_index = 0;
	turn_start_burst(T.hdr->burst);
	return TURN_OK;
}

// Nothing left to do in this run. An agent returns at once, the control agent when it is over.
int turn_done(void)
{
	int err;

	if (T.mode == MODE_SETUP || !T.active)
		return TURN_OK;
	T.row->status = ROW_DONE;
	turn_announce(OP_DONE, 0, POINT_OTHER);
	if (T.mode == MODE_FREE) {
		T.active = false;
		return TURN_OK;
	}
	T.steps++;
	err = turn_decide((uint32_t)T.me == control());
	T.active = false;
	return err == TURN_OVER ? TURN_OK : err;
}

void turn_end(uint32_t verdict)
{
	if (!T.active)
		return;
	if (T.mode == MODE_CONTROLLED)
		turn_flush_steps();
	turn_abort(verdict);
	turn_leave_run();
}

void turn_abort(uint32_t verdict)
{
	uint32_t none = VERDICT_NONE;

	if (atomic_compare_exchange_strong(&T.hdr->verdict, &none, verdict))
		T.hdr->verdict_by = T.me < 0 ? T.hdr->nr : (uint32_t)T.me;
	atomic_store(&T.hdr->over, 1);
	if (T.me != (int32_t)control() && T.hdr->mode == MODE_CONTROLLED)
		baton_give(control());
}

int turn_collect(uint32_t who)
{
	int err;

	T.row->baton = 0;
	atomic_store(&T.rows[who].asked, 1);
	baton_give(who);
	err = baton_wait();
	T.row->baton = 0;
	return err;
}

void turn_hand(uint32_t who)
{
	baton_give(who);
}
