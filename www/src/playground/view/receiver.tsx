export function Receiver() { return null; }
