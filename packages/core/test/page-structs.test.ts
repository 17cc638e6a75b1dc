import { expect, it } from 'vitest';
import { PageStructs } from '../src/hugetlb/page-structs.ts';

it('a page that is copied says what the other said, also when that was nothing', () => {
  const pages = new PageStructs();
  const contents = { order: 9, headPfn: 512, hasHead: true };
  pages.write(4096, contents);
  pages.copy(4096, 8192);
  expect(pages.get(8192)).toEqual(contents);
  pages.copy(12288, 8192);
  expect(pages.get(8192)).toBeUndefined();
  expect(pages.get(4096)).toEqual(contents);
  pages.forget(4096);
  expect(pages.get(4096)).toBeUndefined();
});
