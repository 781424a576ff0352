// What the build makes of a .wasm file: see Source in instance.ts.
declare module '*.wasm' {
  const source: import('./instance.js').Source;
  export default source;
}
