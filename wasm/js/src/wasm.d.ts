// esbuild puts the bytes of a .wasm file here as base64.
declare module '*.wasm' {
  const base64: string;
  export default base64;
}
