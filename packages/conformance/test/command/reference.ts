// A plugin as a file of its own, for the command line.
export { reference } from '@vmemmap/conformance/reference';
