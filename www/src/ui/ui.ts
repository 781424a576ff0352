// The parts that both pages are made of: plain elements with the names and states that a keyboard and a screen reader
// need. What a part is given is shown as text, whoever wrote it.

export { Button } from './button';
export { Check, SelectField, ThemeChoice } from './choice';
export { Code, CopyButton } from './copy';
export { Dialog } from './dialog';
export { Field } from './field';
export { Badge, Empty, Notice, Spinner } from './notice';
export { Tabs } from './tabs';
export { SecretField, TextField } from './text-field';
