// SPDX-License-Identifier: GPL-2.0-only
//
// Turns: who runs. In a controlled run the holder of the baton decides who goes on; in a free run
// everyone does, and points only add noise. No scheduling decision is made here: the plan makes it.
//
// The baton is a futex word in each row. The giver writes all shared state first and sets the word
// last (release); the taker sees it set (acquire) and then owns header and rows.
//
// A run that is over unwinds lazily: a participant asleep in an old run notices when it is given
// the baton in the next one, leaves the word set, and comes back through turn_enter().
#include "machine.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

plan_fn turn_plan;
int (*turn_signal_check)(void);
void (*turn_sleeping)(bool asleep);

static uint32_t control(void)
{
	return T.hdr->nr - 1;
}

static void baton_give(uint32_t who)
{
	T.hdr->holder = who;
	atomic_store_explicit(&T.rows[who].baton, 1, memory_order_release); // pairs with baton_wait()
	syscall(SYS_futex, &T.rows[who].baton, FUTEX_WAKE, 1, NULL, NULL, 0);
}

// Sleep until the baton is here; does not take it. Returns 0, or TURN_ERROR after a signal raised.
static int baton_wait(void)
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

static int leave_run(void)
{
	T.active = T.quiet = false;
	T.mode = MODE_CONTROLLED;
	T.burst = -1;
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
	if (err)
		return err;
	return *who < T.hdr->nr && enabled(*who) && *burst > 0 ? TURN_OK : -EINVAL;
}

static void flush_steps(void)
{
	T.hdr->step += T.steps;
	T.hdr->counted += T.counted;
	T.steps = T.counted = 0;
}

static int over_limit(void)
{
	struct header *h = T.hdr;

	if (h->step >= h->steps_max)
		turn_end(VERDICT_STEPS);
	else if (h->step - h->progress_step >= h->stall_steps)
		turn_end(VERDICT_NO_PROGRESS);
	else
		return TURN_OK;
	return TURN_OVER;
}

// A long burst is run in stretches, so that the limits of the run are looked at in between.
static void next_stretch(int64_t left)
{
	uint64_t step = T.hdr->step + T.steps;
	int64_t most = STRETCH;

	if (T.hdr->steps_max - step < STRETCH)	// So that a run stops just at its limit.
		most = T.hdr->steps_max > step ? (int64_t)(T.hdr->steps_max - step) - 1 : 0;
	T.burst = left < most ? left : most;
	T.left = left - T.burst;
}

static void start_burst(int64_t burst)
{
	next_stretch(burst - 1);
	T.cut = false;
	T.contested = T.hdr->contested;
}

// Decide who goes on; come back when that is us. `stay`: false for one that is done.
static int decide(bool stay)
{
	uint32_t who = T.me;
	int64_t burst;
	int err;

	flush_steps();
	err = over_limit();
	if (!err)
		err = ask_plan(&who, &burst);
	if (err)
		return err;
	if (who == (uint32_t)T.me) {
		start_burst(burst);
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
		return leave_run();
	atomic_store_explicit(&T.row->baton, 0, memory_order_relaxed);
	start_burst(T.hdr->burst);
	return TURN_OK;
}

static int free_point(void)
{
	atomic_fetch_add_explicit(&T.row->beats, 1, memory_order_relaxed);
	if (run_is_over())
		return leave_run();
	if (T.hdr->noise_one_in)
		turn_noise();
	return TURN_OK;
}

int turn_slow(uint32_t op, uint64_t off, uint32_t points)
{
	if (!T.active)
		return TURN_OVER;
	if (T.mode == MODE_FREE)
		return free_point();
	if (!T.cut && T.left > 0) {
		next_stretch(T.left - 1);
		flush_steps();
		return over_limit();
	}
	turn_announce(op, off, points);
	return decide(true);
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
	err = decide(true);
	if (err)
		return err;
	T.row->status = ROW_RUNNABLE;
	T.hdr->nr_waiting_words -= word;
	return TURN_OK;
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
	if (mode == MODE_FREE && wait_until_parked())
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
	T.burst = T.left = 0;	// Of an earlier run, which may have ended within a burst.
	T.cut = T.contested = false;
	T.noise_index = 0;
	h->holder = T.me;
	if (mode == MODE_FREE)
		for (uint32_t i = 0; i < control(); i++)
			baton_give(i);
	return TURN_OK;
}

// An agent between runs. *begun: a run began, and (controlled) it is our turn in it.
int turn_enter(bool *begun)
{
	int err;

	T.active = false;
	T.row->parked = 1;
	err = baton_wait();
	T.row->parked = 0;
	if (err)
		return err;
	atomic_store_explicit(&T.row->baton, 0, memory_order_relaxed);
	*begun = !atomic_exchange(&T.row->asked, 0);
	if (!*begun)
		return TURN_OK;
	T.active = true;
	T.quiet = false;
	T.run = T.hdr->run;
	T.row->run = T.run;
	T.mode = T.hdr->mode;
	T.count = T.hdr->count;
	T.fine = T.hdr->fine;
	T.steps = T.counted = 0;
	T.noise_index = 0;
	start_burst(T.hdr->burst);
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
	err = decide((uint32_t)T.me == control());
	T.active = false;
	return err == TURN_OVER ? TURN_OK : err;
}

void turn_end(uint32_t verdict)
{
	if (!T.active)
		return;
	if (T.mode == MODE_CONTROLLED)
		flush_steps();
	turn_abort(verdict);
	leave_run();
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

// Free mode: delay this participant a little, now and then, to widen windows.
void turn_noise(void)
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
