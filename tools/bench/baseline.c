// The baseline: the same work in C, the way the kernel does it: a walk from the top for every leaf, tables taken from
// a flat simulated memory and zeroed when made, four levels, x86-64 entries.
//
//   baseline populate base|huge GIB        one build of the vmemmap of GIB of RAM, in nanoseconds
//   baseline translate sequential|random GIB   every base page, or as many random struct pages, in nanoseconds
//
// One number a line for each line read from standard input, so that it can take turns with what it is compared to.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

typedef uint64_t u64;

#define ADDRESS 0x000ffffffffff000ull
#define PRESENT 1ull
#define HUGE 0x80ull
#define TABLE 0x067ull
#define LEAF 0x8000000000000163ull
#define FIRST 0xffffea0000000000ull
#define TABLES 0x40000000ull /* where tables lie in the simulated memory */
#define BATCH 131072ull
#define BACKING 0x10000000000ull

static unsigned char *memory;
static u64 next_table, next_block, root;

static inline u64 *at(u64 pa) { return (u64 *)(memory + (pa - TABLES)); }

static u64 new_table(void)
{
	u64 pa = next_table;

	next_table += 4096;
	memset(at(pa), 0, 4096);
	return pa;
}

static inline u64 *below(u64 *table, unsigned int index)
{
	if (!(table[index] & PRESENT))
		table[index] = new_table() | TABLE;
	return at(table[index] & ADDRESS);
}

__attribute__((noinline)) static void populate(u64 end, int huge)
{
	u64 size = huge ? 1ull << 21 : 4096;

	next_table = TABLES;
	next_block = BACKING;
	root = new_table();
	for (u64 va = FIRST; va < end; va += size) {
		u64 *table = below(below(at(root), (va >> 39) & 511), (va >> 30) & 511);
		u64 *entry;

		if (huge) {
			entry = &table[(va >> 21) & 511];
		} else {
			entry = &below(table, (va >> 21) & 511)[(va >> 12) & 511];
		}
		if (!*entry) {
			*entry = next_block | LEAF | (huge ? HUGE : 0);
			next_block += size;
		}
	}
}

static inline u64 walk(u64 va)
{
	u64 entry = at(root)[(va >> 39) & 511];

	if (!(entry & PRESENT))
		return ~0ull;
	entry = at(entry & ADDRESS)[(va >> 30) & 511];
	if (!(entry & PRESENT))
		return ~0ull;
	entry = at(entry & ADDRESS)[(va >> 21) & 511];
	if (!(entry & PRESENT))
		return ~0ull;
	if (entry & HUGE)
		return (entry & 0x000fffffffe00000ull) | (va & 0x1fffff);
	entry = at(entry & ADDRESS)[(va >> 12) & 511];
	if (!(entry & PRESENT))
		return ~0ull;
	return (entry & ADDRESS) | (va & 0xfff);
}

__attribute__((noinline)) static void translate(const u64 *vas, u64 *pas, u64 count)
{
	for (u64 i = 0; i < count; i++)
		pas[i] = walk(vas[i]);
}

__attribute__((noinline)) static void translate_range(u64 va, u64 step, u64 *pas, u64 count)
{
	for (u64 i = 0; i < count; i++, va += step)
		pas[i] = walk(va);
}

static double nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	u64 bytes = (strtoull(argv[3], 0, 0) << 30) / 4096 * 64;
	int huge = !strcmp(argv[2], "huge"), random = !strcmp(argv[2], "random");
	u64 leaves = bytes / (huge ? 1 << 21 : 4096);
	u64 need = (leaves / 512 + leaves / 512 / 512 + 16) * 4096;
	u64 pages = bytes / 4096, *vas = 0, *pas = 0;
	char line[16];

	memory = mmap(0, need, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	memset(memory, 0xff, need); /* page faults are not what is measured */
	if (!strcmp(argv[1], "translate")) {
		populate(FIRST + bytes, 0);
		pas = calloc(BATCH, 8);
		if (random)
			vas = malloc(pages * 8);
		for (u64 i = 0, state = 88172645463325252ull; random && i < pages; i++) {
			state ^= state << 13, state ^= state >> 7, state ^= state << 17;
			vas[i] = FIRST + state % (bytes / 64) * 64;
		}
	}
	while (fgets(line, sizeof(line), stdin)) {
		double start = nanoseconds();

		if (!pas)
			populate(FIRST + bytes, huge);
		for (u64 i = 0; pas && i < pages; i += BATCH) {
			if (random)
				translate(vas + i, pas, BATCH);
			else
				translate_range(FIRST + i * 4096, 4096, pas, BATCH);
		}
		printf("%.0f\n", nanoseconds() - start);
		fflush(stdout);
	}
	return 0;
}
