// SPDX-License-Identifier: GPL-2.0-only
//
// The hardware of the emulator, grouped by the file that implements it.
//
// Everything lives in one shared arena: a header, a row for each participant, their trace rings,
// the log of switches, and then whatever the layout above puts there. All words are 64 bits wide.
// Functions return 0 or -errno, or a positive enum where that is said.
#ifndef SCXEMU_MACHINE_H
#define SCXEMU_MACHINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NR_PARTICIPANTS_MAX 272
#define NR_HELD_MAX 12
#define NR_SCRATCH 2048
#define MASK_WORDS 4
#define NEVER INT64_MAX
#define BURST_MAX (INT64_MAX / 4)
#define STRETCH 4096			// Steps after which a run looks at its limits, at the latest.

typedef _Atomic uint64_t word_t;

enum { POINT_PROTOCOL = 1, POINT_POLICY = 2, POINT_OTHER = 4, POINT_ALL = 7 };
enum { MODE_SETUP, MODE_FREE, MODE_CONTROLLED };
enum {
	VERDICT_NONE, VERDICT_STUCK, VERDICT_STEPS, VERDICT_NO_PROGRESS,
	VERDICT_FINDING, VERDICT_ENDED, VERDICT_DIVERGED, VERDICT_ABORTED,
};
enum { ROW_RUNNABLE, ROW_LOCK, ROW_WORD, ROW_CPU, ROW_DONE, ROW_ABSENT };
enum {
	OP_START, OP_LOAD, OP_STORE, OP_RMW, OP_LOCK, OP_TRYLOCK, OP_UNLOCK,
	OP_WAIT_WORD, OP_WAIT_CPU, OP_IRQ_SEND, OP_IRQ_TAKE, OP_DONE,
};

// What an operation tells its caller besides success and -errno.
enum { TURN_OK = 0, TURN_OVER = 1, TURN_ERROR = 2 };

struct trace_record {
	uint64_t step;
	int64_t time_ns;
	uint64_t event;
	uint64_t arg[4];
};

struct switch_record {
	uint64_t step;
	uint32_t from, to;
	uint64_t sig_from, sig_to;
	uint64_t hash;
};

// One participant. Guard: the baton in a controlled run; in a free run each writes its own row.
struct row {
	_Atomic uint32_t baton;		// Futex word: 1 means it is this participant's turn.
	_Atomic uint32_t line;		// Free mode: 1 while it sleeps on its interrupt line.
	_Atomic uint32_t status;
	uint32_t idle;
	uint32_t op, points;		// What it is about to do.
	uint64_t off;
	uint64_t wait_off, wait_value;
	int64_t deadline, clock, irq_time;
	uint64_t since;			// Step at which it blocked last.
	word_t irq;			// Pending interrupts, one bit a kind.
	word_t run;			// The last run this participant entered.
	_Atomic uint32_t asked;		// Set by collect(): leave enter() and report.
	_Atomic uint32_t nr_held;
	_Atomic uint32_t parked;	// It sleeps in turn_enter(), between runs.
	uint32_t pad0;
	word_t held[NR_HELD_MAX];	// Offsets of the locks it holds.
	word_t beats;			// Free mode: grows at every scheduling point.
	word_t traced;			// Records written in this run.
	uint64_t pad[4];
};

// Guard: the baton, except the words that say otherwise.
struct header {
	uint64_t magic;
	uint32_t nr, nr_trace, nr_switches_max, pad0;
	uint64_t rows_at, rings_at, log_at, end_at;
	word_t run;			// Number of the current run; any process may read.
	_Atomic uint32_t over;		// Any process may read.
	_Atomic uint32_t verdict, verdict_by;
	uint32_t mode, count, fine;
	uint32_t nr_waiting_words, pad1;
	uint64_t step, decisions, counted, hash, progress_step;
	uint64_t steps_max, stall_steps;
	uint64_t nr_switches;
	uint32_t holder, contested;
	int64_t burst;			// What the plan gave to the one who gets the baton.
	uint64_t noise_seed, noise_one_in, time_scale;
	int64_t free_base_ns;
	uint64_t scratch[NR_SCRATCH];	// For strategies.
};

// What this process knows. Never shared.
struct local {
	unsigned char *base;
	size_t size;
	struct header *hdr;
	struct row *rows, *row;
	struct trace_record *rings;
	struct switch_record *log;
	int32_t me;
	uint32_t mode, count;
	bool fine, quiet, active;	// active: it takes part in the current run.
	int64_t burst;			// Counted points until the next decision.
	uint64_t steps;			// Points not yet in hdr->step.
	uint64_t limit;			// Steps at which to look at the limits of the run.
	uint64_t counted;		// Of these, the counted ones with somebody else enabled.
	bool contested, cut;		// Was somebody else enabled; was the burst cut short.
	uint64_t run;
	uint64_t noise_index;
	unsigned char *image;		// The template image.
	size_t image_at, image_size;
};

extern struct local T;

static inline word_t *word_at(uint64_t off)
{
	return (word_t *)(T.base + off);
}

// arena.c
size_t arena_machine_size(uint32_t nr, uint32_t nr_trace, uint32_t nr_switches);
int arena_init(void *base, size_t size, uint32_t nr, uint32_t nr_trace, uint32_t nr_switches);
int arena_attach(void *base, size_t size, int32_t me);
void arena_detach(void);
int arena_save(size_t start, size_t end);
int arena_restore(void);
int arena_clear(size_t start, size_t end);

// clock.c
int64_t clock_real_ns(void);
int64_t clock_now(int32_t who);
void clock_advance_to(int64_t time_ns);
int64_t clock_next_time(uint32_t who);

// fields.c: the operations on words. Each returns TURN_*; what was read goes to *seen.
int field_load(uint64_t off, uint32_t points, uint64_t *seen);
int field_store(uint64_t off, uint32_t points, uint64_t value, uint64_t *before);
int field_xchg(uint64_t off, uint32_t points, uint64_t value, uint64_t *seen);
int field_cmpxchg(uint64_t off, uint32_t points, uint64_t old, uint64_t value, uint64_t *seen);
int field_add(uint64_t off, uint32_t points, uint64_t delta, uint64_t *seen);
int field_or(uint64_t off, uint32_t points, uint64_t bits, uint64_t *seen);
int field_and(uint64_t off, uint32_t points, uint64_t bits, uint64_t *seen);
int field_wait_while(uint64_t off, uint32_t points, uint64_t value, uint64_t *seen);
int field_plain_point(uint64_t off, uint32_t points, bool write);
int field_mask_load(uint64_t off, uint32_t points, uint64_t *seen);
int field_mask_store(uint64_t off, uint32_t points, const uint64_t *value);

// lock.c: a lock word is 0 or the holder's number + 1.
int lock_take(uint64_t off, uint32_t points);		// -EDEADLK: it is ours already.
int lock_try(uint64_t off, uint32_t points, bool *got);
int lock_release(uint64_t off, uint32_t points);	// -EPERM: it is not ours.
int32_t lock_owner(uint64_t off);			// -1: free.

// irq.c
int irq_send(uint32_t who, uint64_t bits, bool *raise_line);
int irq_take(uint64_t *bits);
int irq_cpu_wait(int64_t deadline, bool idle, bool *irq);
void irq_free_waiting(bool waiting, int64_t deadline, bool idle);

// trace.c
void trace_write(uint64_t event, const uint64_t arg[4]);
void trace_switch(uint32_t to);
uint64_t trace_signature(uint32_t who);

// baton.c
extern int (*turn_signal_check)(void);	// Returns nonzero if a Python signal handler raised.
extern void (*turn_sleeping)(bool asleep);	// Drops and retakes what others need while we sleep.
void baton_give(uint32_t who);
int baton_wait(void);

// turn.c
// The plan: returns 0 and fills *who (one of `enabled`) and *burst (above 0), or TURN_ERROR with a
// Python error set.
typedef int (*plan_fn)(const uint32_t *enabled, uint32_t nr, uint32_t *who, int64_t *burst);
extern plan_fn turn_plan;

int turn_slow(uint32_t op, uint64_t off, uint32_t points);
int turn_block(uint32_t status, uint64_t off, uint64_t value);
int turn_spin(uint64_t spins);
void turn_word_changed(uint64_t off);
void turn_announce(uint32_t op, uint64_t off, uint32_t points);
int turn_look_at_limits(void);
int turn_decide(bool stay);
int turn_leave_run(void);
void turn_flush_steps(void);
void turn_start_burst(int64_t burst);

// run.c
int turn_begin(uint32_t mode, uint32_t count, bool fine);
int turn_enter(bool *begun);
int turn_done(void);
void turn_end(uint32_t verdict);
void turn_abort(uint32_t verdict);
int turn_collect(uint32_t who);
void turn_hand(uint32_t who);

// Make the next point a decision: somebody may have been enabled.
static inline void turn_cut(void)
{
	T.burst = 0;
	T.cut = true;
}

// Stand before one operation. Fast path: a count up and a count down of local words.
static inline int turn_point(uint32_t op, uint64_t off, uint32_t points)
{
	if (__builtin_expect(T.mode == MODE_CONTROLLED, 1)) {
		if (__builtin_expect(T.quiet, 0))
			return TURN_OK;
		if (__builtin_expect(++T.steps >= T.limit, 0) && turn_look_at_limits())
			return TURN_OVER;
		if (__builtin_expect(!(points & T.count), 0))
			return TURN_OK;
		T.counted += T.contested;
		if (__builtin_expect(--T.burst >= 0, 1))
			return TURN_OK;
		return turn_slow(op, off, points);
	}
	if (T.mode == MODE_SETUP || T.quiet)
		return TURN_OK;
	return turn_slow(op, off, points);
}

// draw.c
uint64_t draw_bits(uint64_t seed, uint64_t stream, uint64_t index);
uint64_t draw_below(uint64_t seed, uint64_t stream, uint64_t index, uint64_t limit);
uint64_t draw_geometric(uint64_t seed, uint64_t stream, uint64_t index, uint64_t num, uint64_t den);

// bench.c
void bench_start(uint32_t who);
int bench_ring(uint32_t next, uint64_t rounds);

#endif
