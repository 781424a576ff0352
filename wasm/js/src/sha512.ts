// The module for SHA-512, which no preset needs: it is not in 'sigpost/verify'.

import { Engine } from './core.js';
import source from './generated/sha512.wasm';

export const sha512 = new Engine(source);
