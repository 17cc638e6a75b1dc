/** `uname -m` by e_machine, of the architectures whose dumps people have (include/uapi/linux/elf-em.h, elf.h of each). */
const NAMES: Readonly<Record<number, readonly [bits32: string, bits64: string]>> = {
  2: ['sparc', 'sparc64'],
  3: ['i686', 'i686'],
  20: ['ppc', 'ppc'],
  21: ['ppc64', 'ppc64'],
  22: ['s390', 's390x'],
  40: ['arm', 'arm'],
  43: ['sparc64', 'sparc64'],
  62: ['x86_64', 'x86_64'],
  183: ['aarch64', 'aarch64'],
  243: ['riscv32', 'riscv64'],
  258: ['loongarch32', 'loongarch64'],
};

/** What `uname -m` says on the machine of an ELF header; `elf-N` for a number that has no name here. */
export function elfMachine(eMachine: number, bits: 32 | 64): string {
  return NAMES[eMachine]?.[bits === 64 ? 1 : 0] ?? `elf-${eMachine}`;
}

/** The other way round, for 64 bits; 0, EM_NONE, for a name that is not known. */
export function elfMachineNumber(machine: string): number {
  const number = /^elf-(\d+)$/.exec(machine)?.[1];
  if (number !== undefined) return Number(number);
  // sparc64 is 43: what 64-bit kernels have, and not the 32-bit number it also goes by.
  const found = Object.entries(NAMES).filter(([, [bits32, bits64]]) => bits64 === machine && bits32 !== 'sparc');
  return Number(found[0]?.[0] ?? 0);
}
