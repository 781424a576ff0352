declare module 'virtual:samples' {
  const samples: readonly import('./samples').Sample[];
  export default samples;
}
