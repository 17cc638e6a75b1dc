export { reference } from '@vmemmap/conformance/reference';
