// Who looks at which tenant, and which system that speaks. Whatever was read belongs to a place.

import { computed } from '@preact/signals';

import { me } from '../api/session';
import { dialectOf } from './dialects';

/** Another text for everybody and every tenant; empty while nobody is signed in. */
export const place = computed(() => (me.value === undefined ? '' : `${me.value.kind} ${me.value.id} ${me.value.tenant?.name ?? ''}`));

export const dialect = computed(() => dialectOf(me.value?.tenant?.dialect));
