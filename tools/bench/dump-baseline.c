// What libkdumpfile, the C library for dumps, needs to translate addresses: for each line on stdin, those from START to
// END by STEP once, and the nanoseconds it took on stdout. dump-baseline CORE START END STEP
#include <fcntl.h>
#include <libkdumpfile/addrxlat.h>
#include <libkdumpfile/kdumpfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1e9 + at.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  kdump_ctx_t *dump = kdump_new();
  addrxlat_ctx_t *context;
  addrxlat_sys_t *system;
  if (kdump_open_fd(dump, open(argv[1], O_RDONLY)) != KDUMP_OK ||
      kdump_set_string_attr(dump, "addrxlat.ostype", "linux") != KDUMP_OK ||
      kdump_get_addrxlat(dump, &context, &system) != KDUMP_OK) {
    fprintf(stderr, "libkdumpfile: %s\n", kdump_get_err(dump));
    return 1;
  }
  unsigned long long start = strtoull(argv[2], 0, 16), end = strtoull(argv[3], 0, 16), step = strtoull(argv[4], 0, 16);
  for (int c; (c = getchar()) != EOF;) {
    unsigned long long bad = 0, sum = 0;
    double begun = now();
    for (unsigned long long va = start; va < end; va += step) {
      addrxlat_fulladdr_t at = {.addr = va, .as = ADDRXLAT_KVADDR};
      if (addrxlat_fulladdr_conv(&at, ADDRXLAT_MACHPHYSADDR, context, system) == ADDRXLAT_OK)
        sum += at.addr;
      else {
        bad++;
        addrxlat_ctx_clear_err(context);
      }
    }
    double took = now() - begun;
    if (bad > 0) fprintf(stderr, "libkdumpfile: %llu addresses not translated\n", bad);
    printf("%.0f %llu\n", took, sum);
    fflush(stdout);
  }
  return 0;
}
