// @ts-check
import { LabError } from './lab-error.mjs';

/**
 * What the promise comes to, or an error when that takes too long. Nothing here waits for a time to pass: a guest on a
 * busy host is slow, and no fixed pause is right for it.
 * @template T
 * @param {number} seconds
 * @param {string} what the subject of the error's sentence
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export async function within(seconds, what, promise) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  try {
    return await Promise.race([
      promise,
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new LabError(`${what} took more than ${seconds} s`)), seconds * 1000);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Tries until something comes of it; each try is answered by the machine, which sets the pace.
 * @template T
 * @param {number} seconds
 * @param {string} what the subject of the error's sentence
 * @param {() => Promise<T | undefined>} attempt
 * @returns {Promise<T>}
 */
export async function until(seconds, what, attempt) {
  const end = performance.now() + seconds * 1000;
  do {
    const found = await attempt();
    if (found !== undefined) return found;
  } while (performance.now() < end);
  throw new LabError(`${what} took more than ${seconds} s`);
}
