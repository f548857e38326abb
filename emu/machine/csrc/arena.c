// SPDX-License-Identifier: GPL-2.0-only
//
// The arena: where the parts of the machine lie, and the template image that resets it.
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x736378656d753031ULL

// Every point of a process without an arena comes to turn_slow() and is refused there.
#define NOWHERE { .me = -1, .mode = MODE_CONTROLLED, .count = POINT_ALL, .burst = -1, \
		  .limit = UINT64_MAX }

struct local T = NOWHERE;

static size_t align64(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static size_t rows_at(void)
{
	return align64(sizeof(struct header));
}

static size_t rings_at(uint32_t nr)
{
	return align64(rows_at() + nr * sizeof(struct row));
}

static size_t log_at(uint32_t nr, uint32_t nr_trace)
{
	return align64(rings_at(nr) + (size_t)nr * nr_trace * sizeof(struct trace_record));
}

size_t arena_machine_size(uint32_t nr, uint32_t nr_trace, uint32_t nr_switches)
{
	return align64(log_at(nr, nr_trace) + (size_t)nr_switches * sizeof(struct switch_record));
}

int arena_init(void *base, size_t size, uint32_t nr, uint32_t nr_trace, uint32_t nr_switches)
{
	struct header *hdr = base;

	if (nr == 0 || nr > NR_PARTICIPANTS_MAX || nr_trace == 0 || nr_switches == 0)
		return -EINVAL;
	if (size < arena_machine_size(nr, nr_trace, nr_switches))
		return -ENOSPC;
	memset(base, 0, arena_machine_size(nr, nr_trace, nr_switches));
	hdr->magic = MAGIC;
	hdr->nr = nr;
	hdr->nr_trace = nr_trace;
	hdr->nr_switches_max = nr_switches;
	hdr->rows_at = rows_at();
	hdr->rings_at = rings_at(nr);
	hdr->log_at = log_at(nr, nr_trace);
	hdr->end_at = arena_machine_size(nr, nr_trace, nr_switches);
	hdr->time_scale = 1;
	hdr->steps_max = hdr->stall_steps = UINT64_MAX;
	return 0;
}

int arena_attach(void *base, size_t size, int32_t me)
{
	struct header *hdr = base;

	if (size < sizeof(*hdr) || hdr->magic != MAGIC || size < hdr->end_at)
		return -EINVAL;
	if (me < -1 || me >= (int32_t)hdr->nr)
		return -ERANGE;
	T.base = base;
	T.size = size;
	T.hdr = hdr;
	T.rows = (struct row *)(T.base + hdr->rows_at);
	T.rings = (struct trace_record *)(T.base + hdr->rings_at);
	T.log = (struct switch_record *)(T.base + hdr->log_at);
	T.me = me;
	T.row = me < 0 ? NULL : &T.rows[me];
	T.mode = MODE_SETUP;
	T.active = true;
	return 0;
}

void arena_detach(void)
{
	free(T.image);
	T = (struct local)NOWHERE;
}

int arena_save(size_t start, size_t end)
{
	unsigned char *image;

	if (start < T.hdr->end_at || end < start || end > T.size)
		return -EINVAL;
	image = realloc(T.image, end - start + 1);
	if (!image)
		return -ENOMEM;
	memcpy(image, T.base + start, end - start);
	T.image = image;
	T.image_at = start;
	T.image_size = end - start;
	return 0;
}

int arena_restore(void)
{
	if (!T.image)
		return -ENOENT;
	memcpy(T.base + T.image_at, T.image, T.image_size);
	return 0;
}

int arena_clear(size_t start, size_t end)
{
	if (start < T.hdr->end_at || end < start || end > T.size)
		return -EINVAL;
	memset(T.base + start, 0, end - start);
	return 0;
}
