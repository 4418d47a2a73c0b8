// The chart library comes minified and without types: what it gives is not checked (`tsc`, tests/js/tsconfig.json).
declare const uPlot: any;
export default uPlot;
