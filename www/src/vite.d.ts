declare module '*.css' {}

declare module 'virtual:worker' {
  const program: string;
  export default program;
}
