/** Names of the two doublewords of an entry of the hashed page table, as steps of a walk have them. */
export const HPTE_V = 'hpte-v';
export const HPTE_R = 'hpte-r';
