import { VmemmapError } from './errors.ts';

/** How the kernel says it: the macro that fires. `*_once` kinds print a single time per boot. */
export type KernelEventKind =
  | 'WARN'
  | 'WARN_ONCE'
  | 'WARN_ON_ONCE'
  | 'VM_BUG_ON'
  | 'BUG_ON'
  | 'panic'
  | 'pr_warn_once'
  | 'pr_err_once'
  | 'pr_warn'
  | 'pr_err';

/** A warning or a failed assertion of the modelled kernel. */
export interface KernelEvent {
  /** How the kernel says it: a WARN, a BUG, a message. */
  readonly kind: KernelEventKind;
  /** Stable name of the condition, such as `offnode-page-structs`. */
  readonly id: string;
  /** Kernel file and function that has it. */
  readonly source: string;
  /** The kernel's condition in its own terms, with the values that made it true the first time. */
  readonly message: string;
  /** How often the condition was met; a `*_once` kind prints once however large this is. */
  readonly count: number;
}

const ONCE: ReadonlySet<KernelEventKind> = new Set(['WARN_ONCE', 'WARN_ON_ONCE', 'pr_warn_once', 'pr_err_once']);

/**
 * The machine's log of WARN, BUG and pr_*_once conditions. Nothing goes to the console.
 * A once-kind is one entry whose `count` grows; any other kind is an entry each time.
 */
export class EventLog {
  readonly #events: { -readonly [K in keyof KernelEvent]: KernelEvent[K] }[] = [];
  readonly #once = new Map<string, { count: number }>();

  /** @returns the events so far, oldest first */
  get all(): readonly KernelEvent[] {
    return this.#events;
  }

  /** Records that a condition was met, a once-kind maybe several times. `message` is called only when an entry is made. */
  record(kind: KernelEventKind, id: string, source: string, message: () => string, times = 1): void {
    if (ONCE.has(kind)) {
      const seen = this.#once.get(id);
      if (seen !== undefined) {
        seen.count += times;
        return;
      }
    }
    const event = { kind, id, source, message: message(), count: times };
    this.#events.push(event);
    if (ONCE.has(kind)) this.#once.set(id, event);
  }

  /**
   * Records a condition that stops the kernel, and stops the model too.
   * @throws VmemmapError `KERNEL_PANIC` or `KERNEL_BUG`
   */
  stop(kind: 'BUG_ON' | 'panic', id: string, source: string, message: string): never {
    this.record(kind, id, source, () => message);
    throw new VmemmapError(
      kind === 'panic' ? 'KERNEL_PANIC' : 'KERNEL_BUG',
      `the modelled kernel stopped with ${kind} in ${source}: ${message}`,
    );
  }
}
