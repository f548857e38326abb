// SPDX-License-Identifier: GPL-2.0-only
//
// Turns: who runs. In a controlled run the holder of the baton decides who goes on; in a free run
// everyone does, and points only add noise. No scheduling decision is made here: the plan makes it.
#include "machine.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

#define SPINS 200
#define SIGNAL_SPINS 1024	// Spins after which signals are looked at.

plan_fn turn_plan;

int turn_leave_run(void)
{
	T.active = T.quiet = false;
	T.mode = MODE_CONTROLLED;
	T.burst = -1;
	T.limit = UINT64_MAX;
	T.count = POINT_ALL;	// Every further point comes to turn_slow() and is refused there.
	return TURN_OVER;
}

static bool run_is_over(void)
{
	return !T.active || T.hdr->over || T.hdr->run != T.run;
}

static bool enabled(uint32_t who)
{
	struct row *r = &T.rows[who];

	switch (r->status) {
	case ROW_RUNNABLE:
		return true;
	case ROW_LOCK:
	case ROW_WORD:
		return *word_at(r->wait_off) != r->wait_value ? r->status == ROW_WORD
							      : r->status == ROW_LOCK;
	case ROW_CPU:
		return r->irq != 0 || r->deadline != NEVER;
	default:
		return false;
	}
}

// A word was written or a lock released: whoever waits for it may go on, so cut the burst.
void turn_word_changed(uint64_t off)
{
	if (T.mode != MODE_CONTROLLED || !T.hdr->nr_waiting_words)
		return;
	for (uint32_t i = 0; i < T.hdr->nr; i++) {
		struct row *r = &T.rows[i];

		if ((r->status == ROW_LOCK || r->status == ROW_WORD) && r->wait_off == off) {
			turn_cut();
			return;
		}
	}
}

void turn_announce(uint32_t op, uint64_t off, uint32_t points)
{
	T.row->op = op;
	T.row->off = off;
	T.row->points = points;
}

static int ask_plan(uint32_t *who, int64_t *burst)
{
	uint32_t list[NR_PARTICIPANTS_MAX], nr = 0;
	int err;

	for (uint32_t i = 0; i < T.hdr->nr; i++)
		if (enabled(i))
			list[nr++] = i;
	*burst = BURST_MAX;
	if (nr == 0) {
		turn_end(VERDICT_STUCK);
		return TURN_OVER;
	}
	*who = list[0];
	T.hdr->contested = nr > 1;
	if (nr == 1)
		return TURN_OK;
	T.quiet = true;
	err = turn_plan ? turn_plan(list, nr, who, burst) : TURN_OK;
	T.quiet = false;
	T.hdr->decisions++;
	if (!T.active)
		return TURN_OVER;	// The plan ended the run.
	return err;
}

// The earliest step at which a limit of the run can be reached, and never too far away: so a run
// stops just at its limit, whatever the bursts, and sees soon that it was aborted.
static uint64_t steps_until_limit(void)
{
	struct header *h = T.hdr;
	uint64_t stalled = h->step - h->progress_step, left = STRETCH;

	if (left > h->steps_max - h->step)
		left = h->steps_max - h->step;
	return left > h->stall_steps - stalled ? h->stall_steps - stalled : left;
}

static int over_limit(void)
{
	struct header *h = T.hdr;

	if (run_is_over())
		return turn_leave_run();
	if (h->step >= h->steps_max)
		turn_end(VERDICT_STEPS);
	else if (h->step - h->progress_step >= h->stall_steps)
		turn_end(VERDICT_NO_PROGRESS);
	else
		return TURN_OK;
	return TURN_OVER;
}

void turn_flush_steps(void)
{
	T.hdr->step += T.steps;
	T.hdr->counted += T.counted;
	T.steps = T.counted = 0;
}

int turn_look_at_limits(void)
{
	int err;

	if (!T.active)
		return TURN_OVER;
	turn_flush_steps();
	err = over_limit();
	if (!err)
		T.limit = steps_until_limit();
	return err;
}

void turn_start_burst(int64_t burst)
{
	T.burst = burst - 1;	// The operation that we stand before is the first.
	T.cut = false;
	T.contested = T.hdr->contested;
	T.limit = steps_until_limit();
}

// Decide who goes on; come back when that is us. `stay`: false for one that is done.
int turn_decide(bool stay)
{
	uint32_t who = T.me;
	int64_t burst;
	int err;

	turn_flush_steps();
	err = over_limit();
	if (!err)
		err = ask_plan(&who, &burst);
	if (err)
		return err;
	if (who == (uint32_t)T.me) {
		turn_start_burst(burst);
		return TURN_OK;
	}
	trace_switch(who);
	T.hdr->burst = burst;
	baton_give(who);
	if (!stay)
		return TURN_OK;
	err = baton_wait();
	if (err)
		return err;
	if (run_is_over())
		return turn_leave_run();
	atomic_store_explicit(&T.row->baton, 0, memory_order_relaxed);
	turn_start_burst(T.hdr->burst);
	return TURN_OK;
}

// Free mode: delay this participant a little, now and then, to widen windows.
static void noise(void)
{
	uint64_t seed = T.hdr->noise_seed, stream = 0x100 + (uint64_t)T.me, i = T.noise_index++;
	uint64_t kind;

	if (draw_below(seed, stream, i, T.hdr->noise_one_in) != 0)
		return;
	kind = draw_bits(seed, stream + 0x1000, i);
	if ((kind & 3) == 0) {
		struct timespec nap = { 0, (long)(kind >> 8) % 100000 };

		nanosleep(&nap, NULL);
	} else if ((kind & 3) == 1) {
		sched_yield();
	} else {
		for (volatile uint64_t n = (kind >> 8) % 3000; n; n--)
			;
	}
}

static int free_point(void)
{
	atomic_fetch_add_explicit(&T.row->beats, 1, memory_order_relaxed);
	if (run_is_over())
		return turn_leave_run();
	if (T.hdr->noise_one_in)
		noise();
	return TURN_OK;
}

// Between two looks at a word in a free run: hard at first, then leaving the core to others.
int turn_spin(uint64_t spins)
{
	if (T.mode != MODE_FREE || spins < SPINS)
		return TURN_OK;
	sched_yield();
	return spins % SIGNAL_SPINS == 0 && turn_signal_check() ? TURN_ERROR : TURN_OK;
}

int turn_slow(uint32_t op, uint64_t off, uint32_t points)
{
	if (!T.active)
		return TURN_OVER;
	if (T.mode == MODE_FREE)
		return free_point();
	turn_announce(op, off, points);
	return turn_decide(true);
}

int turn_block(uint32_t status, uint64_t off, uint64_t value)
{
	bool word = status != ROW_CPU;
	int err;

	if (T.mode == MODE_FREE)
		return free_point();
	if (T.mode == MODE_SETUP || T.quiet)
		return -EBUSY;
	T.steps++;
	// Said anew: the point before may have gone by in the fast path, without being announced.
	turn_announce(word ? status == ROW_LOCK ? OP_LOCK : OP_WAIT_WORD : OP_WAIT_CPU, off, 0);
	T.row->wait_off = off;
	T.row->wait_value = value;
	T.row->status = status;
	T.row->since = T.hdr->step + T.steps;
	T.hdr->nr_waiting_words += word;
	err = turn_decide(true);
	if (err)
		return err;
	T.row->status = ROW_RUNNABLE;
	T.hdr->nr_waiting_words -= word;
	return TURN_OK;
}
