import { defaultRelease, releases as known } from '@vmemmap/core';
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
    const rows = known.map((release) => [
      release.name === defaultRelease ? `${release.name} (default)` : release.name,
      release.title,
      [
        `without memory at boot: ${release.bootFailure}`,
        ...(release.sparseBuffer ? ['sparse buffer'] : []),
        ...(release.preinitSections ? ['preinit sections'] : []),
        ...(release.passesPgmap ? ['passes pgmap'] : []),
        ...(release.syncsNewTopLevelEntries ? [] : ['no sync of new top-level entries']),
        ...(release.compoundPages === 'arch' ? ['compounds by the architecture [inferred]'] : []),
        `HugeTLB tails: ${release.hugetlbTail === 'zone' ? 'one page for a zone' : 'own head'}`,
        ...(release.hugetlbPreinit === 'no' ? [] : [`gigantic pages of boot: ${release.hugetlbPreinit}`]),
        ...(release.daxTail === 'zone' ? ['DAX tails: one page for a zone [inferred]'] : []),
      ].join('; '),
    ]);
    session.print(tableText(['release', 'kernel', 'memmap'], rows));
    return EXIT.ok;
  },
};
