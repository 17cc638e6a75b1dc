import { defaultRelease, type KernelRelease, releases as known } from '@vmemmap/core';
import { type Command, EXIT } from '../command.ts';
import { tableText } from '../output/table.ts';
import type { Session } from '../session.ts';

/** `vmemmap releases`: the kernels that are modelled. */
export const releases: Command<object> = {
  usage: 'releases',
  about: 'list the modelled kernel releases',
  examples: [
    ['releases', 'names for --release, and what differs'],
    ['releases --json', 'the same as JSON'],
  ],
  options: {},

  run(_args: object, session: Session): number {
    if (session.json) {
      session.printJson({ default: defaultRelease, releases: known });
      return EXIT.ok;
    }
    const titles = known.map(({ name, title }) => [name === defaultRelease ? `${name} (default)` : name, title]);
    session.print(tableText(['release', 'kernel'], titles));
    session.print(`\n${tableText(['release', ...Object.keys(POLICIES)], known.map(policyRow))}`);
    session.print('\n* inferred from the titles of patches; see docs/releases.md');
    return EXIT.ok;
  },
};

/** The policies that tell releases apart, in a word each; an asterisk where the word is inferred. */
const POLICIES: Readonly<Record<string, (release: KernelRelease) => string>> = {
  'no memory': ({ bootFailure }) => bootFailure,
  buffer: ({ sparseBuffer }) => yesNo(sparseBuffer),
  'top level': ({ syncsNewTopLevelEntries }) => (syncsNewTopLevelEntries ? 'synced' : 'not synced'),
  pgmap: ({ passesPgmap }) => yesNo(passesPgmap),
  compounds: ({ compoundPages }) => (compoundPages === 'arch' ? 'arch*' : compoundPages),
  'DAX tail': ({ daxTail }) => (daxTail === 'zone' ? 'zone*' : daxTail),
  'HugeTLB tail': ({ hugetlbTail }) => hugetlbTail,
  gigantic: ({ hugetlbPreinit, preinitReadOnly }) =>
    preinitReadOnly ? `${hugetlbPreinit}, read-only*` : hugetlbPreinit,
  counters: ({ memmapAccounting }) => memmapAccounting,
};

function policyRow(release: KernelRelease): readonly string[] {
  return [release.name, ...Object.values(POLICIES).map((policy) => policy(release))];
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
