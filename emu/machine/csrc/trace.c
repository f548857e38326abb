// SPDX-License-Identifier: GPL-2.0-only
//
// What happened: a ring of records for each participant, and the log of switches with its hash.
#include "machine.h"

#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2);
	hash *= 0xff51afd7ed558ccdULL;
	return hash ^ (hash >> 32);
}

void trace_write(uint64_t event, const uint64_t arg[4])
{
	struct row *r = T.row;
	struct trace_record *rec;

	if (!r || !T.active)
		return;
	rec = &T.rings[(uint64_t)T.me * T.hdr->nr_trace + r->traced % T.hdr->nr_trace];
	rec->step = T.mode == MODE_CONTROLLED ? T.hdr->step + T.steps : r->traced;
	rec->time_ns = clock_now(T.me);
	rec->event = event;
	memcpy(rec->arg, arg, sizeof(rec->arg));
	// Release: pairs with m_traces(), which then sees the whole record.
	atomic_store_explicit(&r->traced, r->traced + 1, memory_order_release);
	if (T.mode == MODE_CONTROLLED) {
		uint64_t hash = mix(mix(T.hdr->hash, event << 32 | (uint32_t)T.me), arg[0]);

		hash = mix(mix(hash, arg[1]), (uint64_t)rec->time_ns);
		T.hdr->hash = mix(mix(hash, arg[2]), arg[3] ^ rec->step);
	}
}

uint64_t trace_signature(uint32_t who)
{
	struct row *r = &T.rows[who];

	return mix(mix(r->op, r->off), (uint64_t)r->points << 8 | r->status);
}

// Log that the baton goes from this participant to `to`; a full log only counts on.
// Guard: the baton.
void trace_switch(uint32_t to)
{
	struct header *h = T.hdr;
	uint64_t sig_from = trace_signature(T.me), sig_to = trace_signature(to);

	h->hash = mix(mix(mix(h->hash, h->step), (uint64_t)T.me << 32 | to), sig_from ^ (sig_to << 1));
	if (h->nr_switches < h->nr_switches_max)
		T.log[h->nr_switches] = (struct switch_record){
			.step = h->step, .from = T.me, .to = to,
			.sig_from = sig_from, .sig_to = sig_to, .hash = h->hash,
		};
	h->nr_switches++;
}
