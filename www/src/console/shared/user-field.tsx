// The choice of a user by a part of its id or name. However many there are, each can be chosen: what is not loaded, or
// was made a moment ago, by its id.

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

import { place } from './place';
import { SuggestField } from './suggest-field';
import { users, usersLike } from './users';

interface UserFieldProps {
  readonly label: string;
  /** The id of the one that is chosen, or what is looked for. */
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly placeholder: string;
  readonly error?: string | undefined;
}

export function UserField(props: UserFieldProps) {
  // Some may be new since they were last read.
  useEffect(() => void users.read(), [place.value]);
  const like = usersLike(props.value);
  return <SuggestField {...props} suggestions={like} onChange={props.onInput} hint={said(props.value, like.length)} />;
}

function said(value: string, like: number): ComponentChildren {
  const chosen = users.data.value?.get(value);
  if (chosen !== undefined) return chosen.name === value ? 'A user of this tenant.' : <>Named <bdi>{chosen.name}</bdi>.</>;
  if (users.busy.value) return `Loading users, ${(users.data.value?.size ?? 0).toLocaleString('en')} so far. An id can be entered all the same.`;
  if (users.error.value !== undefined) return 'Not all users could be loaded. Enter the id.';
  if (value === '') return 'Type a part of an id or name, then choose.';
  return like === 0 ? 'No user of this tenant is called like that.' : 'That is no whole id: choose one that is suggested.';
}
