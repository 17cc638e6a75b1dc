import { Presets, SingleBar } from 'cli-progress';
import type { Io } from '../io.ts';

/** A bar is drawn only when the work takes longer than this. */
const PATIENCE_MS = 1000;

/** Runs work that reports its progress, with a bar on stderr when it takes long and somebody watches. */
export function withProgress<T>(io: Io, title: string, work: (report?: (done: number, total: number) => void) => T): T {
  if (io.stderr.isTTY !== true) return work();
  const begin = io.now();
  let bar: SingleBar | undefined;
  try {
    return work((done, total) => {
      if (bar === undefined) {
        if (io.now() - begin < PATIENCE_MS) return;
        bar = new SingleBar(
          {
            // What is a terminal is one of Node's streams.
            stream: io.stderr as NodeJS.WritableStream,
            format: `${title} {bar} {percentage}% of {total} sections`,
            clearOnComplete: true,
            // Its handler would keep Ctrl-C from ending a loop that never yields.
            gracefulExit: false,
          },
          Presets.shades_classic,
        );
        bar.start(total, done);
      }
      bar.update(done);
    });
  } finally {
    bar?.stop();
  }
}
