// SPDX-License-Identifier: GPL-2.0-only
//
// Time. Free mode: the monotonic clock, scaled. Controlled: a virtual clock for each participant.
#include "machine.h"

#include <time.h>

int64_t clock_real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

int64_t clock_now(int32_t who)
{
	if (T.hdr->mode == MODE_FREE)
		return (clock_real_ns() - T.hdr->free_base_ns) * (int64_t)T.hdr->time_scale;
	return who < 0 ? 0 : T.rows[who].clock;
}

void clock_advance_to(int64_t time_ns)
{
	if (T.row && T.hdr->mode != MODE_FREE && T.active && T.row->clock < time_ns)
		T.row->clock = time_ns;
}

// The time at which `who` would go on, if it was chosen now.
int64_t clock_next_time(uint32_t who)
{
	struct row *r = &T.rows[who];

	if (r->status != ROW_CPU)
		return r->clock;
	if (r->irq && r->irq_time < r->deadline)
		return r->irq_time > r->clock ? r->irq_time : r->clock;
	return r->deadline > r->clock ? r->deadline : r->clock;
}
