// SPDX-License-Identifier: GPL-2.0-only
//
// Chance without state: every number is a pure function of seed, stream and index.
#include "machine.h"

static uint64_t scramble(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

uint64_t draw_bits(uint64_t seed, uint64_t stream, uint64_t index)
{
	uint64_t z = scramble(seed + 0x9e3779b97f4a7c15ULL);

	z = scramble(z ^ scramble(stream * 0xd1342543de82ef95ULL + 0x632be59bd9b4e019ULL));
	return scramble(z + index * 0x9e3779b97f4a7c15ULL);
}

uint64_t draw_below(uint64_t seed, uint64_t stream, uint64_t index, uint64_t limit)
{
	// The bias of the multiply-and-shift method is below 2^-40 for the small limits used here.
	return (uint64_t)(((unsigned __int128)draw_bits(seed, stream, index) * limit) >> 64);
}

uint64_t draw_geometric(uint64_t seed, uint64_t stream, uint64_t index, uint64_t num, uint64_t den)
{
	uint64_t tries = 1, sub = draw_bits(seed, stream, index);

	while (tries < 100000 && draw_below(sub, stream, tries, den) >= num)
		tries++;
	return tries;
}
