// A user as it stands in the form, made of a user and made into what the API is asked, which holds only what is to be
// different.

import type { ChangedUser, NewUser, User } from '../../generated/api';
import { lines, mergedItems, mergedLines, sameItems } from '../shared/lines';

export interface UserDraft {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** One a line. */
  readonly spaces: string;
}

export const NEW_USER: UserDraft = { id: '', name: '', roles: ['user'], spaces: '' };

export const draftOf = ({ id, name, roles, spaces }: User): UserDraft => ({ id, name, roles, spaces: spaces.join('\n') });

export const newUser = ({ id, name, roles, spaces }: UserDraft): NewUser => ({
  id: id.trim(),
  ...(name.trim() !== '' && { name: name.trim() }),
  roles: [...roles],
  spaces: lines(spaces),
});

/** What is different between two. A name that was emptied is the id, as it is of a new user. */
export const changeOf = (before: UserDraft, after: UserDraft): ChangedUser => ({
  ...(after.name.trim() !== before.name.trim() && { name: after.name.trim() || before.id }),
  ...(!sameItems(after.roles, before.roles) && { roles: [...after.roles] }),
  ...(!sameItems(lines(after.spaces), lines(before.spaces)) && { spaces: lines(after.spaces) }),
});

/** What somebody has changed, on top of what the user has become meanwhile. */
export const rebased = (before: UserDraft, mine: UserDraft, now: UserDraft): UserDraft => ({
  id: now.id,
  name: mine.name === before.name ? now.name : mine.name,
  roles: mergedItems(before.roles, mine.roles, now.roles),
  spaces: mergedLines(before.spaces, mine.spaces, now.spaces),
});
