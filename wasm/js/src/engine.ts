// The module for SHA-1 and SHA-256, which every preset needs one of.

import source from './generated/verify.wasm';
import { Engine } from './key.js';

export const engine = new Engine(source);
