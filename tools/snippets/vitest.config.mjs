export default { test: { include: ['dist/**/out/*.mjs'], exclude: [], watch: false } };
